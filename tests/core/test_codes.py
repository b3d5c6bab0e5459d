"""Codes that people read aloud and write down."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from referral.core.codes import (
    ALPHABET,
    looks_like_bsn,
    new_reference,
    new_screening_code,
    read_screening_code,
)

CODES = 1000
SCREENING = re.compile(rf"S-[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}-[{ALPHABET}]")
GOOD = "S-7K3Q-9F2M-E"


def read_without_check(text: str) -> str:
    """The wrong build: a code is taken for good when it has the right shape."""
    if not SCREENING.fullmatch(text):
        raise ValueError("no code")
    return text


def single_errors(code: str) -> Iterator[str]:
    for at in symbol_places(code):
        for symbol in ALPHABET:
            if symbol != code[at]:
                yield code[:at] + symbol + code[at + 1 :]


def adjacent_swaps(code: str) -> Iterator[str]:
    places = symbol_places(code)
    yield from (swapped(code, a, b) for a, b in pairwise(places) if code[a] != code[b])


def distant_swaps(code: str) -> Iterator[str]:
    places = symbol_places(code)
    yield from (swapped(code, a, b) for i, a in enumerate(places) for b in places[i + 2 :] if code[a] != code[b])


def symbol_places(code: str) -> list[int]:
    return [at for at, symbol in enumerate(code) if at and symbol != "-"]


def swapped(code: str, a: int, b: int) -> str:
    symbols = list(code)
    symbols[a], symbols[b] = symbols[b], symbols[a]
    return "".join(symbols)


def detected(errors: Iterator[str], read: Callable[[str], str]) -> tuple[int, int]:
    found = total = 0
    for wrong in errors:
        total += 1
        try:
            read(wrong)
        except ValueError:
            found += 1
    return found, total


@pytest.fixture(scope="module")
def codes() -> list[str]:
    return [new_screening_code() for _ in range(CODES)]


@pytest.mark.parametrize(
    "errors", [single_errors, adjacent_swaps, distant_swaps], ids=lambda errors: str(errors.__name__)
)
def test_the_check_symbol_detects_every_wrong_symbol_and_every_swap(
    codes: list[str], errors: Callable[[str], Iterator[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    found, total = detected((wrong for code in codes for wrong in errors(code)), read_screening_code)
    control, _ = detected((wrong for code in codes for wrong in errors(code)), read_without_check)
    with capsys.disabled():
        print(f"\n{errors.__name__}: {found} of {total} detected in {CODES} codes; without check {control}")  # noqa: T201
    assert found == total > 0
    assert control == 0


def test_a_new_code_reads_back_and_needs_no_escaping_in_a_url(codes: list[str]) -> None:
    assert all(SCREENING.fullmatch(code) for code in codes)
    assert [read_screening_code(code) for code in codes] == codes
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize(
    "typed",
    [
        GOOD,
        "s-7k3q-9f2m-e",
        "S7K3Q9F2ME",
        " s 7k3q 9f2m e\n",
        "S–7K3Q–9F2M–E",
        "S\u20117K3Q\u20119F2M\u2011E",
        "S\u00a07K3Q\u00a09F2M\u00a0E",
    ],
)
def test_a_code_is_read_however_it_was_typed(typed: str) -> None:
    assert read_screening_code(typed) == GOOD


def test_an_o_and_a_zero_an_i_an_l_and_a_one_are_the_same() -> None:
    code = "S-0011-0011-C"
    assert read_screening_code(code) == code
    assert read_screening_code("S-OoiL-O0lI-C") == code


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "S",
        "7K3Q-9F2M-E",
        "V-7K3Q-9F2M-E",
        "S-7K3Q-9F2M",
        "S-7K3Q-9F2M-EE",
        "S-7K3U-9F2M-E",
        "S-7K3Q-9F2M-*",
        "S-7K3Q-9F2M-X",
        "S-7K3Q-9F2M-É",
        "ſ-7K3Q-9F2M-E",
        "S-7K3Q-9F2M-\u0415",
        "S-7K3Q-9F2M-E\x00",
        "Jan Jansen",
    ],
)
def test_what_is_no_code_is_refused_without_repeating_it(typed: str) -> None:
    with pytest.raises(ValueError, match=r"screening code|check symbol") as refusal:
        read_screening_code(typed)
    assert len(typed) < 2 or typed not in str(refusal.value)


def test_a_reference_names_its_year() -> None:
    assert re.fullmatch(rf"V-2026-[{ALPHABET}]{{5}}", new_reference(2026))


@pytest.mark.parametrize(
    "text",
    ["111222333", "111 222 333", "1112.22.333", "111-222-333", "BSN: 111222333", "１１１２２２３３３", "10000008"],
)
def test_a_bsn_is_recognised_in_any_notation(text: str) -> None:
    assert looks_like_bsn(text)


@pytest.mark.parametrize(
    "text",
    ["", "111222334", "000000000", "1112223", "1112223334", "W-2026-00012", "0612345678", "GM0453", "klant 111222333"],
)
def test_another_number_is_no_bsn(text: str) -> None:
    assert not looks_like_bsn(text)


def test_the_eleven_test_lets_one_in_eleven_other_numbers_through() -> None:
    """Why the guard stands at code fields only: in free text it would raise a false alarm every eleven numbers."""
    hits = sum(looks_like_bsn(str(number)) for number in range(500_000_000, 500_011_000))
    assert hits == pytest.approx(1000, rel=0.1)
