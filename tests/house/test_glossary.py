"""`docs/glossary.md` says exactly what the code says: every identifier, with its Dutch label."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from referral.core.codelists import labels
from referral.core.policy import OrganisationKind, Relation, Role
from referral.referrals.workflow import EVENT_LABELS, LABELS, Party

GLOSSARY = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text()
ROW = re.compile(r"^\| `([a-z0-9_]+)` \| ([^|]+?) \| ([^|]+?) \|$", re.MULTILINE)
SYSTEM = {Role.SYSTEM.value: labels("party")["system"]}

SECTIONS: Mapping[str, Mapping[str, str]] = {
    "Statuses": {status.value: label for status, label in LABELS.items()},
    "Events": {event.value: label for event, label in EVENT_LABELS.items()},
    "Who has the ball": labels("ballWith"),
    "Whose reason": labels("party"),
    "Roles": {**labels("role"), **SYSTEM},
    "Kinds of organisation": labels("organisationKind"),
    "Phases": labels("phase"),
    "Stages of the funnel": labels("stage"),
    "Other figures of the funnel": labels("figure"),
    "Chapters of the yearly report": labels("annualChapter"),
    "Left out of the national statistics": labels("leftOut"),
    "How a handover went": labels("mode"),
}
WORDS = re.findall(
    r"[\w -]+",
    """screening, conversation, participant, agreement, disclosure, trajectory, referral, event, hold, escalation,
    administration number,
    warm handover, cold handover, intake, follow-up, follow-up task, waiting list, term, reason, funnel, erasure""",
)


def section(title: str, glossary: str = GLOSSARY) -> str:
    """The text under one heading."""
    return glossary.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def listed(title: str, glossary: str = GLOSSARY) -> list[tuple[str, str]]:
    """The identifiers under one heading with their Dutch words, in the order of the page."""
    return [(identifier, dutch) for identifier, dutch, _ in ROW.findall(section(title, glossary))]


@pytest.mark.parametrize("title", SECTIONS)
def test_every_identifier_stands_in_the_glossary_with_its_label(title: str) -> None:
    assert listed(title) == list(SECTIONS[title].items())


@pytest.mark.parametrize("title", SECTIONS)
def test_a_glossary_that_lags_behind_is_noticed(title: str) -> None:
    """The control of the test above: without the last line of the section, and with another label in it."""
    lines = [line for line in section(title).splitlines() if line.startswith("| `")]
    without = GLOSSARY.replace(section(title), section(title).replace(lines[-1], ""))
    renamed = GLOSSARY.replace(section(title), section(title).replace(lines[0], lines[0].replace(" | ", " | Iets ", 1)))
    expected = list(SECTIONS[title].items())
    assert listed(title, without) != expected
    assert listed(title, renamed) != expected


def test_the_relations_are_those_of_the_code() -> None:
    assert [identifier for identifier, _ in listed("Relations")] == [relation.value for relation in Relation]


def test_the_lists_it_is_held_against_are_those_of_the_code() -> None:
    assert list(labels("ballWith")) == [party.value for party in Party]
    assert set(labels("organisationKind")) == {kind.value for kind in OrganisationKind}
    assert {*labels("role"), *SYSTEM} == {role.value for role in Role}


@pytest.mark.parametrize("word", [word.strip() for word in WORDS])
def test_the_main_objects_are_explained(word: str) -> None:
    assert re.search(rf"^\| {word} \| [^|]+ \| [^|]{{20,}} \|$", section("Main objects"), re.MULTILINE)


def test_every_section_is_held_against_something() -> None:
    titles = re.findall(r"^## (.+)$", GLOSSARY, re.MULTILINE)
    assert {*titles} == {*SECTIONS, "Main objects", "Relations"}
