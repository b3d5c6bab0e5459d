"""A file of screenings: every good row is kept, every bad one comes back with all that is wrong, but with no cell."""

import pytest
from sqlalchemy import func, select

from referral.core.audit import AuditEntry
from referral.core.errors import Invalid
from referral.screenings.models import Screening
from referral.screenings.schemas import read_table
from referral.screenings.usecases import import_screenings
from tests.screenings.conftest import Chain

HEADER = "instrument,conductedOn,indication,score,languageBackground,employment,ageBand,municipalityCode,foundAt,skills"
GOOD = "taalmeter,2026-11-02,yes,9,nt1,jobseeker,35-44,GM0453,benefit_intake,"
BOM = b"\xef\xbb\xbf"


def a_file(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def refused(body: bytes) -> set[tuple[str, str]]:
    with pytest.raises(Invalid) as refusal:
        read_table(body)
    return {(error.pointer, error.code) for error in refusal.value.errors}


def wrong(*rows: str) -> dict[int, set[tuple[str, str]]]:
    return {row.number: {(error.pointer, error.code) for error in row.errors} for row in read_table(a_file(*rows)).rows}


@pytest.mark.parametrize("start", [b"", BOM], ids=["plain", "bom"])
@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_the_usual_spellings_of_csv_are_read(start: bytes, delimiter: str, line_end: str) -> None:
    text = a_file(GOOD).decode().replace(",", delimiter).replace("\n", line_end)
    rows = read_table(start + text.encode()).rows
    assert [row.number for row in rows] == [2]
    command = rows[0].command
    assert command is not None
    assert (command.score, command.age_band, list(command.skills)) == (9, "35-44", [])


def test_skills_stand_in_one_cell() -> None:
    row = read_table(a_file("conversation,2026-11-02,yes,,nt1,other,65+,GM0453,library,reading|digital")).rows[0]
    assert row.command is not None
    assert list(row.command.skills) == ["reading", "digital"]


def test_empty_rows_are_passed_over_but_counted() -> None:
    assert wrong(GOOD, "", ",,,,,,,,,", GOOD) == {2: set(), 5: set()}


def test_quotes_may_hold_a_line_end() -> None:
    """Rows are counted as a spreadsheet counts them, not as lines."""
    assert wrong(GOOD.replace("taalmeter", '"taal\nmeter"'), GOOD) == {2: {("/instrument", "unknown_code")}, 3: set()}


@pytest.mark.parametrize(
    ("row", "errors"),
    [
        (GOOD.replace("35-44", ""), {("/ageBand", "required")}),
        (GOOD.replace("9,nt1", "negen,nt1"), {("/score", "type")}),
        (GOOD.replace("9,nt1", "9.5,nt1"), {("/score", "type")}),
        (GOOD.replace("9,nt1", "²,nt1"), {("/score", "type")}),
        (GOOD.replace("2026-11-02", "02-11-2026"), {("/conductedOn", "date")}),
        (GOOD.replace("jobseeker", "111222333"), {("/employment", "bsn")}),
        (GOOD + ",extra", {("/", "too_many_columns")}),
        (GOOD.replace(",benefit_intake,", ""), {("/foundAt", "missing_column"), ("/skills", "missing_column")}),
        (
            "meter,gisteren,misschien,9,nl,x,33,GM9999,hier,",
            {
                ("/instrument", "unknown_code"),
                ("/conductedOn", "date"),
                ("/indication", "unknown_code"),
                ("/languageBackground", "unknown_code"),
                ("/employment", "unknown_code"),
                ("/ageBand", "unknown_code"),
                ("/municipalityCode", "unknown_code"),
                ("/foundAt", "unknown_code"),
            },
        ),
    ],
)  # fmt: skip
def test_a_bad_row_names_every_wrong_cell(row: str, errors: set[tuple[str, str]]) -> None:
    assert wrong(GOOD, row) == {2: set(), 3: errors}


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (b"", {("/", "required")}),
        (BOM, {("/", "required")}),
        (b"instrument,ageBand\nt\xe9st,35-44\n", {("/", "encoding")}),
        ("instrument,ageBand\n".encode("utf-16"), {("/", "encoding")}),
        (b"instrument,name,phone\n", {("/name", "unknown"), ("/phone", "unknown")}),
        (b"instrument,instrument\n", {("/instrument", "double")}),
        (b"instrument,0612345678\n", {("/", "unknown")}),
        (b"Jan Jansen,0612345678\n", {("/", "header")}),
        (b'instrument\n"taal', {("/", "csv")}),
        (b'instrument\n"taal"meter\n', {("/", "csv")}),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(body: bytes, errors: set[tuple[str, str]]) -> None:
    assert refused(body) == errors


def test_a_file_has_at_most_ten_thousand_rows() -> None:
    assert len(read_table(a_file(*[GOOD] * 10_000)).rows) == 10_000
    assert refused(a_file(*[GOOD] * 10_001)) == {("/", "too_many")}


def test_every_good_row_is_kept_and_every_bad_one_reported(chain: Chain) -> None:
    heard: list[tuple[int, int]] = []
    rows = (GOOD, GOOD.replace(",9,", ",15,"), GOOD.replace("35-44", "x"), GOOD)
    with chain.work() as work:
        result = import_screenings(
            read_table(a_file(*rows)),
            actor=chain.actors["referrer"],
            work=work,
            progress=lambda done, total: heard.append((done, total)),
        )
    with chain.work() as work:
        saved = set(work.session.scalars(select(Screening.code)))
        entry = work.session.scalars(select(AuditEntry)).one()
    assert set(result.imported) == saved
    assert len(saved) == 2
    assert {row.number: {error.code for error in row.errors} for row in result.rejected} == {
        3: {"range"},
        4: {"unknown_code"},
    }
    assert heard == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert (entry.action, entry.details) == ("screening:import", {"imported": 2, "rejected": 2})


def test_the_door_imports_a_file(chain: Chain) -> None:
    body = a_file(GOOD, GOOD.replace("jobseeker", "Fatima"))
    answer = chain.ask("POST", "/_import", data=body, content_type="text/csv; charset=utf-8")
    assert answer.status_code == 200, answer.json
    assert answer.json["imported"] == len(answer.json["codes"]) == 1
    assert answer.json["rejected"] == [
        {
            "row": 3,
            "errors": [
                {"pointer": "/employment", "code": "unknown_code", "detail": "Deze code staat niet in de lijst."}
            ],
        }
    ]
    assert chain.ask("GET", f"/{answer.json['codes'][0]}").status_code == 200


def test_the_door_takes_no_other_kind_of_file(chain: Chain) -> None:
    answer = chain.ask("POST", "/_import", data=a_file(GOOD), content_type="application/json")
    assert answer.status_code == 415
    with chain.work() as work:
        assert work.session.scalar(select(func.count()).select_from(Screening)) == 0


def test_no_refusal_of_a_file_repeats_a_cell(chain: Chain) -> None:
    for body in (b"instrument;Jan Jansen 1985;0612345678\n", a_file(GOOD.replace("nt1", "Janssen") + ",Janssen")):
        answer = chain.ask("POST", "/_import", data=body, content_type="text/csv")
        assert not any(value in answer.text for value in ("Jans", "1985", "0612"))
