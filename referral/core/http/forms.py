"""A page's form and the API's schema. The fields of a form become the JSON members that the schema reads, and every
refusal finds its field again by its pointer: rules stand in schemas and use cases, never here.

`submitted` reads a form that was sent. When what follows is refused, `application` lets `show` draw the page again in
a fresh unit of work, with everything that was typed and the errors on top.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from urllib.parse import urlencode

from flask import g, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, ValidationError, fields
from werkzeug.datastructures import MultiDict

from referral.core.errors import FieldError, Invalid, Problem
from referral.core.fields import Code, Day, Flag, Instant, Listed, Number, Part
from referral.core.http.bodies import check_text
from referral.core.http.doors import invalid
from referral.core.http.questions import Question
from referral.core.http.sentences import page_detail, page_sentence
from referral.core.policy import Access, Door
from referral.core.work import AMSTERDAM

SHOW_AGAIN = "show_again"
FORM_KEY = "idempotency_key"
VERSION = "version"
MOST_ROWS = 20

_DAY = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})", re.ASCII)
_TIME = re.compile(r"(\d{1,2})[:.](\d\d)", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


class ShowAgain(Exception):
    """Nothing is to be done yet: somebody came back to a form that was kept while signing in again."""


@dataclass
class Form:
    """What somebody typed, the schema that judges it, and what was wrong with it last time."""

    schema: Schema
    data: MultiDict[str, str] = field(default_factory=MultiDict)
    questions: Sequence[Question] = ()
    problem: Problem | None = None
    errors: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    _moved: dict[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        """What stands in a field."""
        return self.data.get(name, "")

    def values(self, name: str) -> list[str]:
        """What is chosen in a field that takes more than one answer."""
        return self.data.getlist(name)

    def without_rows(self, name: str, member: str) -> "Form":
        """The form without the rows of a list in which this member was left open."""
        for row in range(MOST_ROWS):
            if not self.value(f"{name}/{row}/{member}"):
                for field_name in [each for each in self.data if each.startswith(f"{name}/{row}/")]:
                    self.data.pop(field_name)
        return self

    def over_whole_days(self, since: str, until: str) -> "Form":
        """The form, in which a period given in days without times runs until the end of its last day."""
        if self.value(since) and not self.value(f"{since}/time"):
            self.data[f"{since}/time"] = "00:00"
        if self.value(until) and not self.value(f"{until}/time"):
            self.data[f"{until}/time"] = "23:59"
        return self

    @property
    def version(self) -> int:
        """The version of what somebody read before filling this in. Raises `Invalid` for what is none of ours."""
        text = self.value(VERSION)
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise Invalid.one("/version", "required", "Laad de pagina opnieuw en probeer het nog eens.")
        return int(text)

    @property
    def members(self) -> dict[str, Any]:
        """The JSON members that the fields stand for; an empty field is a member that was left out."""
        return self._read(self.schema, "")

    def load(self, **more: Any) -> Any:
        """What the schema makes of it. Raises `Invalid` with everything that is wrong."""
        try:
            return self.schema.load(self.members | more)
        except ValidationError as error:
            raise invalid(error) from None

    def asking(self, questions: Sequence[Question]) -> "Form":
        """The form with these questions, each error at its field, and those without a field on top."""
        self.questions, problem = questions, self.problem
        names = [question.name for question in questions]
        _ = self.members  # Reading them tells which row of a list an error is about.
        for error in problem.errors if problem else ():
            name = self.field_of(error, names)
            sentence = page_sentence(error)
            if name is None:
                self.others.append(sentence)
            else:
                self.errors.setdefault(name, sentence)
        if problem and not problem.errors:
            self.others.append(page_detail(problem))
        return self

    def field_of(self, error: FieldError, names: Sequence[str]) -> str | None:
        """Which of these fields an error is about: its own, or the nearest around or below it; None for none."""
        pointer = error.pointer.strip("/")
        for here, there in self._moved.items():
            if pointer == here or pointer.startswith(f"{here}/"):
                pointer = there + pointer[len(here) :]
        steps = pointer.split("/")
        around = ["/".join(steps[:count]) for count in range(len(steps), 0, -1)]
        found = next((name for name in around if name in names), None)
        return found or next((name for name in names if pointer and name.startswith(f"{pointer}/")), None)

    def differences(self, others: MultiDict[str, str]) -> list[tuple[str, str, str]]:
        """The questions that these answers answer otherwise: label, their answer, and the one in this form."""
        rows = [(each.label, _answer(each, others), _answer(each, self.data)) for each in self.questions]
        return [row for row in rows if row[1] != row[2]]

    def _read(self, schema: Schema, prefix: str) -> dict[str, Any]:
        members = {}
        for member in schema.fields.values():
            value = self._member(member, f"{prefix}{member.data_key}")
            if value is not None:
                members[str(member.data_key)] = value
        return members

    def _member(self, member: fields.Field[Any], name: str) -> Any:
        if isinstance(member, Part):
            # One that must be there is there, however empty, so that everything that it lacks is told at once.
            return self._read(member.schema, f"{name}/") or ({} if member.required else None)
        if isinstance(member, Listed):
            return self._list(member, name)
        text = _one_line_end(self.value(name))
        if isinstance(member, Instant):
            return _instant(text, self.value(f"{name}/time").strip())
        return _plain(member, text) if text else None

    def _list(self, member: Listed, name: str) -> list[Any] | None:
        if isinstance(member.inner, Part):
            return self._rows(member.inner, name)
        if isinstance(member.inner, Code):
            return [value for value in self.values(name) if value] or None
        lines = (line.strip() for line in re.split(r"[\n,;]", self.value(name)))
        return [_plain(member.inner, line) for line in lines if line] or None

    def _rows(self, part: Part, name: str) -> list[Any] | None:
        rows: list[Any] = []
        for row in range(MOST_ROWS):
            members = self._read(part.schema, f"{name}/{row}/")
            if members:
                self._moved[f"{name}/{len(rows)}"] = f"{name}/{row}"
                rows.append(members)
        return rows or None


Show = Callable[[Form], ResponseReturnValue]


def submitted(schema: Schema, show: Show) -> Form:
    """The form that was sent. Whatever refuses it from here on, `show` draws it again, nothing typed is lost."""
    check_text("".join(f"{name}{value}" for name, value in request.form.items(multi=True)))
    form = Form(schema, MultiDict(request.form))
    g.show_again = lambda problem: show(Form(schema, form.data, problem=problem))
    if SHOW_AGAIN in request.form:
        raise ShowAgain
    return form


def searched(schema: Schema, show: Show) -> Form:
    """What somebody asks in the address, as a form; what is wrong in it is told on the same page."""
    check_text("".join(f"{name}{value}" for name, value in request.args.items(multi=True)))
    form = Form(schema, MultiDict(request.args))
    g.show_again = lambda problem: show(Form(schema, form.data, problem=problem))
    return form


def filled(schema: Schema, answers: Mapping[str, Any]) -> Form:
    """A form that nobody sent yet, with what is known or usual in its fields."""
    return Form(schema, MultiDict(answers))


def typed(schema: Schema, members: Mapping[str, Any], prefix: str = "") -> MultiDict[str, str]:
    """The fields of a form as somebody would have typed these JSON members; the other way round of `Form.members`."""
    answers: MultiDict[str, str] = MultiDict()
    for member in schema.fields.values():
        value, name = members.get(str(member.data_key)), f"{prefix}{member.data_key}"
        if isinstance(member, Part):
            answers.update(typed(member.schema, value or {}, f"{name}/"))
        elif isinstance(member, Listed) and isinstance(member.inner, Code):
            answers.setlist(name, list(value or ()))
        elif isinstance(member, Listed):
            answers[name] = "\n".join(_as_typed(each) for each in value or ())
        elif value is not None:
            answers[name] = _as_typed(value)
    return answers


def given_key(access: Access) -> str | None:
    """The key of a program stands in a header, that of a page in its form."""
    return request.form.get(FORM_KEY) if access.door is Door.PAGE else request.headers.get("Idempotency-Key")


def given_body() -> bytes:
    """What was sent; of a form only what somebody typed, since its secret is another after signing in again."""
    if request.mimetype not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return request.get_data(cache=True)
    typed = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    return urlencode(sorted(typed)).encode()


def _plain(member: fields.Field[Any], text: str) -> Any:
    """The JSON value that the text stands for; what is none stays text, for the schema to refuse."""
    if isinstance(member, Day):
        return _day(text)
    if isinstance(member, Number) and _NUMBER.fullmatch(text):
        return int(text)
    if isinstance(member, Flag):
        return {"true": True, "false": False}.get(text, text)
    return text


def _answer(question: Question, data: MultiDict[str, str]) -> str:
    return question.in_words(map(_one_line_end, data.getlist(question.name)))


def _one_line_end(text: str) -> str:
    """The text with line ends of one kind; a browser sends another than we keep."""
    return text.replace("\r\n", "\n").strip()


def _as_typed(value: Any) -> str:
    """One JSON value as a person writes it: a day the Dutch way."""
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        return f"{date.fromisoformat(value):%d-%m-%Y}"
    except (TypeError, ValueError):
        return str(value)


def _day(text: str) -> str:
    found = _DAY.fullmatch(text)
    return f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}" if found else text


def _instant(day: str, hour: str) -> str | None:
    """A Dutch day and time as an instant; None when both are empty."""
    if not day and not hour:
        return None
    found = _TIME.fullmatch(hour)
    try:
        moment = time(int(found[1]), int(found[2])) if found else None
        when = datetime.combine(datetime.fromisoformat(_day(day)), moment, AMSTERDAM) if moment else None
    except ValueError:
        when = None
    return when.isoformat() if when else f"{day} {hour}"
