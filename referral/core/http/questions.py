"""From a schema to the questions of a page: each member becomes a field that fits its kind, with its Dutch words."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from marshmallow import Schema, fields

from referral.core.codelists import code_lists, wording
from referral.core.fields import Code, Day, Flag, Instant, Listed, Number, Part, Text

MOST_RADIOS = 7
LONG_TEXT = 255

Options = Mapping[str, str]


@dataclass(frozen=True)
class Question:
    """One field of a form. `name` is the JSON pointer of its member without the first slash.

    `kind` is text, long, lines, number, day, moment, flag, tick, choice, select, ticks, filter (a select in which
    nothing chosen means all), or hidden with its `value`.
    """

    name: str
    kind: str
    label: str
    hint: str = ""
    required: bool = False
    options: Options | None = None
    longest: int | None = None
    autocomplete: str = "off"
    value: str = ""

    @property
    def id(self) -> str:
        """The name as an id of the page."""
        return self.name.replace("/", "-")

    def in_words(self, values: Iterable[str]) -> str:
        """An answer to it as people read it; empty for none."""
        words = {"true": "Ja", "false": "Nee"} if self.kind in ("flag", "tick") else self.options or {}
        return ", ".join(words.get(value, value) for value in values if value)

    def as_required(self) -> "Question":
        """The same question, which this page cannot do without."""
        return replace(self, required=True)

    def as_kind(self, kind: str, options: Options | None = None) -> "Question":
        """The same question, asked in another way."""
        return replace(self, kind=kind, options=self.options if options is None else options)


def ask(
    schema: Schema,
    form: str,
    *,
    only: Sequence[str] = (),
    but: Collection[str] = (),
    options: Mapping[str, Options] | None = None,
) -> list[Question]:
    """The questions for the members of a schema, in the order of `only` when that is given.

    `options` gives the choices of members whose codes the schema does not know. A part's members stand in line with
    the others, under their pointer; lists of parts are asked by the page itself.
    """
    found = {question.name: question for question in _walk(schema, (form,), "", frozenset(only), but)}
    names = only or list(found)
    given = options or {}
    return [_with_options(found[name], given[name]) if name in given else found[name] for name in names]


def _with_options(question: Question, options: Options) -> Question:
    return question.as_kind("choice" if len(options) <= MOST_RADIOS else "select", options)


def _walk(
    schema: Schema, forms: tuple[str, ...], prefix: str, only: Collection[str], but: Collection[str]
) -> Iterator[Question]:
    for member in schema.fields.values():
        name = f"{prefix}{member.data_key}"
        if isinstance(member, Part):
            yield from _walk(member.schema, (str(member.data_key), *forms), f"{name}/", only, but)
        elif not _is_list_of_parts(member) and name not in but and (not only or name in only):
            yield _question(member, name, forms)


def _is_list_of_parts(member: fields.Field[object]) -> bool:
    return isinstance(member, Listed) and isinstance(member.inner, Part)


def _question(member: fields.Field[object], name: str, forms: tuple[str, ...]) -> Question:
    words = wording(str(member.data_key), *forms)
    kind, options = _kind(member)
    longest = member.longest if isinstance(member, Text) else None
    return Question(name, kind, words.label, words.hint, member.required, options, longest)


def _kind(member: fields.Field[object]) -> tuple[str, Options | None]:
    if isinstance(member, Code):
        options = labels_of(member.codes)
        return ("choice" if len(options) <= MOST_RADIOS else "select"), options
    if isinstance(member, Listed):
        return ("ticks", labels_of(member.inner.codes)) if isinstance(member.inner, Code) else ("lines", None)
    if isinstance(member, Text):
        return ("long" if member.longest > LONG_TEXT else "text"), None
    return next(kind for known, kind in _KINDS.items() if isinstance(member, known)), None


_KINDS = {Day: "day", Instant: "moment", Number: "number", Flag: "flag", fields.Field: "text"}


@cache
def labels_of(codes: tuple[str, ...]) -> Options:
    """The labels of the code list with exactly these codes; the codes themselves when there is none."""
    lists = (each.labels for each in code_lists().values() if tuple(each.labels) == codes)
    return next(lists, None) or {code: code for code in codes}
