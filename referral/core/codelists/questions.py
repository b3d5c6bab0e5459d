"""What a page asks for each member of the API: a label, and an explanation where the word is one of the trade."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from referral.core.codelists.files import Entry, frozen, open_list


@dataclass(frozen=True)
class Wording:
    """The words of one question; `hint` is empty when the label says it all."""

    label: str
    hint: str = ""


Wordings = Mapping[str, Wording]


def wording(name: str, *forms: str) -> Wording:
    """The words for a member: those of the first of these forms that has its own. Raises KeyError without any."""
    own = _forms()
    return next((own[form][name] for form in forms if name in own.get(form, {})), None) or _members()[name]


@cache
def _members() -> Wordings:
    return _read(open_list("questions.toml").only("year", "members", "forms").table("members"))


@cache
def _forms() -> Mapping[str, Wordings]:
    forms = open_list("questions.toml").table("forms")
    return frozen((form, _read(forms.table(form))) for form in forms.codes())


def _read(table: Entry) -> Wordings:
    return frozen((name, _wording(table.table(name))) for name in table.codes())


def _wording(entry: Entry) -> Wording:
    entry.only("label", "hint")
    return Wording(entry.text("label"), entry.text("hint") if entry.has("hint") else "")
