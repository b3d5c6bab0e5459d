"""Typed values to bytes and back."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.core.encryption import Boolean, Codec, Date, Integer, Json, Text

WHOLE = st.text(st.characters(codec="utf-8"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | WHOLE, lambda inner: st.lists(inner) | st.dictionaries(WHOLE, inner)
)


@given(WHOLE, st.sampled_from([0, 1, 16, 32, 256]))
def test_text_comes_back_whatever_its_padding(value: str, pad: int) -> None:
    assert Text(pad).load(Text(pad).dump(value)) == value


@given(WHOLE)
def test_padded_text_hides_its_length(value: str) -> None:
    assert len(Text(pad=32).dump(value)) % 32 == 0


@given(st.dates())
def test_a_day_comes_back(value: date) -> None:
    assert Date().load(Date().dump(value)) == value


@given(st.integers())
def test_a_number_comes_back(value: int) -> None:
    assert Integer().load(Integer().dump(value)) == value


@given(JSON)
def test_a_document_comes_back(value: Any) -> None:
    assert Json().load(Json().dump(value)) == value


@pytest.mark.parametrize("value", [True, False])
def test_yes_and_no_come_back(value: bool) -> None:
    assert Boolean().load(Boolean().dump(value)) is value


@pytest.mark.parametrize(
    ("codec", "value"),
    [
        (Text(), 612345678),
        (Text(), b"bytes"),
        (Text(), "\ud800"),
        (Date(), "1951-03-04"),
        (Date(), datetime(1951, 3, 4, tzinfo=UTC)),
        (Integer(), "7"),
        (Boolean(), 1),
        (Json(), float("nan")),
        (Json(), object),
    ],
)
def test_a_value_of_another_kind_is_refused(codec: Codec[Any], value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        codec.dump(value)


def test_a_refused_text_is_not_in_the_exception() -> None:
    with pytest.raises(ValueError, match="not valid Unicode") as raised:
        Text().dump("geheim \ud800")
    assert "geheim" not in repr(vars(raised.value)) + repr(raised.value.args)
