"""One notation for every way people write it; what is wrong is refused without being repeated."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.core.encryption import normalise_client_number, normalise_email, normalise_phone
from referral.core.encryption.normalise import _parse_phone


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0612345678", "+31612345678"),
        ("06-1234 5678", "+31612345678"),
        ("0031612345678", "+31612345678"),
        ("+31 (0)6-12345678", "+31612345678"),
        ("０６１２３４５６７８", "+31612345678"),
        ("020-624 11 11", "+31206241111"),
        ("+49 30 123456", "+4930123456"),
        ("+32 470 12 34 56", "+32470123456"),
    ],
)
def test_a_phone_number_has_one_notation(text: str, number: str) -> None:
    assert normalise_phone(text) == number


@pytest.mark.parametrize(
    "text", ["", "06", "06-1234567", "0001234567", "+31 6 1234", "geen nummer", "12345678901234567890"]
)
def test_what_is_no_phone_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a valid phone number$"):
        normalise_phone(text)


@given(st.from_regex(r"(\+31|0031|0) ?-?6[0-9]( ?-?[0-9]){6,8}", fullmatch=True))
def test_the_short_road_for_dutch_mobiles_gives_what_the_library_gives(text: str) -> None:
    try:
        expected = _parse_phone(text, "NL")
    except ValueError:
        with pytest.raises(ValueError, match="not a valid"):
            normalise_phone(text)
    else:
        assert normalise_phone(text) == expected


@given(st.emails())
def test_normalising_an_address_twice_changes_nothing(address: str) -> None:
    try:
        once = normalise_email(address)
    except ValueError:
        return
    assert normalise_email(once) == once


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" J.Jansen@Voorbeeld.NL ", "j.jansen@voorbeeld.nl"),
        ("ＪＡＮ@voorbeeld.nl", "jan@voorbeeld.nl"),
        ("STRASSE@voorbeeld.de", "strasse@voorbeeld.de"),
        ("straße@voorbeeld.de", "strasse@voorbeeld.de"),
    ],
)
def test_an_email_address_has_one_notation(text: str, address: str) -> None:
    assert normalise_email(text) == address


@pytest.mark.parametrize(
    "text", ["", "jan", "jan@", "@voorbeeld.nl", "jan@voorbeeld", "jan jansen@voorbeeld.nl", "a@b@c.nl"]
)
def test_what_is_no_email_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a valid e-mail address$"):
        normalise_email(text)


def test_a_client_number_keeps_its_letters() -> None:
    assert normalise_client_number(" Cl-0012a ") == "Cl-0012a"
    assert normalise_client_number("e\u0301") == normalise_client_number("\u00e9")
    with pytest.raises(ValueError, match=r"^not a valid client number$"):
        normalise_client_number("  ")


def test_the_library_does_not_leak_its_exception() -> None:
    assert not issubclass(phonenumbers.NumberParseException, ValueError)
    with pytest.raises(ValueError, match="not a valid") as raised:
        normalise_phone("bel mij")
    assert raised.value.__suppress_context__
