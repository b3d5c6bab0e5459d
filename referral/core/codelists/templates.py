"""Trajectory templates: examples of a whole route. Advice, never an automatic decision (AVG art. 22; L11, L12)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from referral.core.codelists.files import Entry, open_list, read_list


@dataclass(frozen=True)
class Template:
    """One example: for whom (audience, employment, pace of learning), to what end, made of which components."""

    code: str
    letter: str
    label: str
    audience: str
    goal: str
    employment: frozenset[str]
    pace: str | None
    results: tuple[str, ...]
    components: tuple[str, ...]


@cache
def templates() -> Mapping[str, Template]:
    """The templates of `config/trajectory_templates.toml`."""
    return read_templates(open_list("trajectory_templates.toml"))


def read_templates(source: Entry) -> Mapping[str, Template]:
    """The templates in a list file. Raises ValueError naming file and key."""
    return read_list(source, _template)


def _template(code: str, entry: Entry) -> Template:
    entry.only("letter", "label", "audience", "goal", "employment", "pace", "results", "components")
    return Template(
        code=code,
        letter=entry.text("letter"),
        label=entry.text("label"),
        audience=entry.text("audience"),
        goal=entry.text("goal"),
        employment=frozenset(entry.texts("employment")),
        pace=entry.text("pace") if entry.has("pace") else None,
        results=entry.texts("results"),
        components=entry.texts("components"),
    )
