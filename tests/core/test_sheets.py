"""A table in a spreadsheet: text is text, numbers are numbers, and nothing of it can run."""

import csv
import io
import sys
from datetime import UTC, datetime

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from referral.core.documents import Sheet, safe_text, to_csv, to_xlsx
from referral.core.documents.sheets import sheet_names
from tests.proof import scaled

NOW = datetime(2026, 11, 3, tzinfo=UTC)
RUNS = ("=", "+", "-", "@", "\t", "\r")
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"))
QUIET = settings(
    max_examples=scaled(500), deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def read_csv(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))


@QUIET
@example("=cmd|' /C calc'!A0", 3, 0.5)
@example("\t=1", 0, 1.5)
@example('a;b"c\n=d', -1, 0.0)
@given(TEXTS, st.integers(-(10**9), 10**9), st.floats(0, 1, width=32))
def test_what_is_written_is_read_and_no_cell_begins_like_a_formula(text: str, count: int, share: float) -> None:
    content = to_csv([Sheet("Blad", ("Tekst", "Aantal", "Deel"), [(text, count, share)])])
    assert content.startswith("\ufeffTekst;Aantal;Deel\r\n")
    _head, *lines = read_csv(content)
    ((told, number, decimal),) = [line for line in lines if line]
    assert told in (text, f"'{text}")
    assert not told.startswith(RUNS)
    assert (told != text) is text.startswith((*RUNS, "\n", "＝", "＋", "－", "＠"))
    assert int(number) == count
    assert float(decimal.replace(",", ".")) == share
    assert "." not in decimal or "e" in decimal


def test_written_as_it_is_it_would_run() -> None:
    """The control: the same cells by a writer that knows of no formulas."""
    file = io.StringIO()
    csv.writer(file, delimiter=";").writerows([f"{sign}1+1"] for sign in RUNS)
    naive = [row[0] for row in read_csv(file.getvalue()) if row]
    assert all(cell.startswith(RUNS) for cell in naive)
    assert not any(safe_text(cell).startswith(RUNS) for cell in naive)


def test_a_workbook_holds_numbers_as_numbers_and_text_as_text() -> None:
    values = [*(f"{sign}1+1" for sign in RUNS), "http://voorbeeld.example", "00123", "N7K3Q9F2M8XA4", "1E5"]
    sheet = Sheet("Blad", ("Tekst", "Aantal", "Deel", "Leeg"), [(value, 7, 0.38, None) for value in values])
    (page,) = load_workbook(io.BytesIO(to_xlsx("Titel", [sheet], made_at=NOW))).worksheets
    rows = list(page.iter_rows(min_row=2))
    assert [row[0].data_type for row in rows] == ["s"] * len(values)
    assert [row[0].value.replace("_x000D_", "\r") for row in rows] == values
    assert {(row[1].value, row[2].value, row[3].value) for row in rows} == {(7, 0.38, None)}
    assert {(row[1].data_type, row[2].data_type) for row in rows} == {("n", "n")}
    assert not [row for row in rows if row[0].hyperlink]


def test_every_sheet_gets_a_name_that_a_workbook_takes() -> None:
    names = ["Effect: wat er veranderde", "Een heel lange naam van meer dan dertig tekens, twee keer", "", "[a]/b\\c?*"]
    given_names = sheet_names([*names, *names, *(name.upper() for name in names)])
    sys.stdout.write(f"{given_names}\n")
    assert len({name.lower() for name in given_names}) == len(given_names) == 12
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in given_names)
    book = to_xlsx("Titel", [Sheet(name, ("Kop",), [("x",)]) for name in [*names, *names]], made_at=NOW)
    assert len(load_workbook(io.BytesIO(book)).sheetnames) == 8


def test_progress_is_told_for_every_row() -> None:
    told: list[tuple[int, int]] = []

    def hear(done: int, total: int) -> None:
        told.append((done, total))

    sheets = [Sheet("Een", ("Kop",), [("x",)] * 3), Sheet("Twee", ("Kop",), [("y",)] * 2)]
    every_row = [(number, 5) for number in range(1, 6)]
    to_csv(sheets, progress=hear)
    assert told == every_row
    to_xlsx("Titel", sheets, made_at=NOW, progress=hear)
    assert told == every_row * 2


def test_two_tables_in_one_file_stand_apart_under_their_names() -> None:
    sheets = [Sheet("Een", ("Kop",), [("x",)]), Sheet("=Twee", ("Kop",), [("y",)])]
    assert to_csv(sheets, has_names=True) == "\ufeffEen\r\nKop\r\nx\r\n\r\n'=Twee\r\nKop\r\ny\r\n"
    assert to_csv(sheets) == "\ufeffKop\r\nx\r\n\r\nKop\r\ny\r\n"
