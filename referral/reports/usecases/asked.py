"""What whoever asks a report may see of whole months: the funnel by one division at a time, exact or shared.

Every report that is about months takes its counts from here. What is shown of them is what the funnel shows, so two
reports side by side tell nothing that the funnel does not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import select

from referral.core.errors import FieldError, Invalid
from referral.core.policy import Actor, OrganisationKind
from referral.core.work import Work
from referral.identity.models import Organisation, Region
from referral.reports.disclosure import SHARED
from referral.reports.measures import GroupKey
from referral.reports.report import Cell, count, named
from referral.reports.usecases.counting import Reading
from referral.reports.usecases.domains import ORGANISATIONS, codes_of
from referral.reports.usecases.funnel import ShowFunnel, organisations_of, read_rows, reading_for, rule_for
from referral.reports.usecases.rows import Row
from referral.trajectories.usecases import OFFERING

TOTAL = "Totaal"
EXPECTED = {
    GroupKey.PARTNER: OFFERING,
    GroupKey.ORGANISATION: frozenset(OrganisationKind) - {OrganisationKind.REGION, OrganisationKind.PROVIDER},
}
"""The kinds of organisation that always have a row, whatever the figures: who offers, and who screens and sends."""


@dataclass(frozen=True)
class ShowReport:
    """Which whole months, both days included. Without days: this year so far."""

    from_on: date | None = None
    to_on: date | None = None


class Asked:
    """One question about whole months: who asks, which period, and the figures by any one division.

    Raises `Invalid` for a period that has yet to begin, and for parts of months. `today` may be the last day of a month
    in the past; what began after it is not looked at.
    """

    def __init__(
        self, query: ShowReport, actor: Actor, work: Work, today: date | None = None, reading: Reading | None = None
    ) -> None:
        self.actor, self.work, self.rule = actor, work, rule_for(actor)
        self.today = today or work.today
        self.to_on = query.to_on or self.today
        self.from_on = query.from_on or date(self.to_on.year, 1, 1)
        self.owners = organisations_of(actor)
        self.reading = reading or reading_for(actor, work)
        self._read: dict[tuple[GroupKey, ...], Sequence[Row]] = {}
        errors = self._wrong(query)
        if errors:
            raise Invalid(errors=errors)

    @property
    def period(self) -> Mapping[str, Any]:
        """The period as the audit log keeps it."""
        return {"from": str(self.from_on), "to": str(self.to_on)}

    @property
    def is_shared(self) -> bool:
        """Whether the figures leave the organisations that share the cases."""
        return self.rule is SHARED

    @cached_property
    def region_codes(self) -> Sequence[str]:
        """The arbeidsmarktregios of whoever asks."""
        query = select(Region.code).where(Region.id.in_(self.actor.region_ids), Region.code.is_not(None))
        return sorted(str(code) for code in self.work.session.scalars(query))

    @property
    def organisation_names(self) -> Mapping[str, str]:
        """The names of all organisations by id: a catalogue, no secret."""
        return {id: row.name for id, row in self._everywhere.items()}

    def expects(self, key: GroupKey, value: str | None) -> bool:
        """Whether a value has a row whatever the figures are. It follows from its kind, so the row tells of nobody."""
        known = self._everywhere.get(value or "")
        return key not in EXPECTED or (known is not None and known.kind in EXPECTED[key])

    @cached_property
    def _everywhere(self) -> Mapping[str, Any]:
        query = select(Organisation.id, Organisation.name, Organisation.kind).order_by(Organisation.name)
        return {str(row.id): row for row in self.work.session.execute(query)}

    def rows(self, *keys: GroupKey) -> Sequence[Row]:
        """The rows of the funnel by these divisions."""
        if keys not in self._read:
            query = ShowFunnel(self.from_on, self.to_on, keys)
            self._read[keys] = read_rows(query, self.today, self.reading, actor=self.actor, work=self.work)
        return self._read[keys]

    @property
    def total(self) -> Row:
        """All together."""
        return self.rows()[0]

    def values(self, key: GroupKey, *always: str) -> Sequence[str | None]:
        """The values of a division that there are figures for, after those that always stand in the table."""
        found = [row.group[0] for row in self.rows(key)]
        return list(dict.fromkeys([*always, *found]))

    def count(self, key: GroupKey, value: str | None, column: str) -> int | None:
        """A count for one value of a division; None is hidden."""
        row = self.row(key, value)
        return row.counts[column] if row else self.nothing

    def row(self, key: GroupKey, value: str | None) -> Row | None:
        """The row of one value of a division, if it has one."""
        return next((row for row in self.rows(key) if row.group == (value,)), None)

    @property
    def nothing(self) -> int | None:
        """What stands where no row is: nobody, or hidden where that may not be told."""
        return None if self.is_shared else 0

    def name(self, key: GroupKey, value: str | None) -> Cell:
        """The words for a value of a division."""
        return named(value, self.organisation_names if key in ORGANISATIONS else codes_of(key))

    def counts(self, key: GroupKey, value: str | None, *columns: str) -> list[Cell]:
        """The cells of these columns for one value."""
        return [count(self.count(key, value, column)) for column in columns]

    def _wrong(self, query: ShowReport) -> list[FieldError]:
        errors = []
        if self.from_on > self.work.today:
            pointer = "/from" if query.from_on else "/to"
            errors.append(FieldError(pointer, "future", "Deze periode ligt in de toekomst."))
        if self.from_on > self.to_on:
            errors.append(FieldError("/to", "reversed", "De laatste dag ligt voor de eerste."))
        sentence = "dit gaat over hele maanden."
        if self.from_on.day != 1:
            errors.append(FieldError("/from", "part_of_month", f"Begin op de eerste dag van een maand: {sentence}"))
        if self.to_on < self.work.today and (self.to_on + timedelta(days=1)).day != 1:
            errors.append(FieldError("/to", "part_of_month", f"Eindig op de laatste dag van een maand: {sentence}"))
        return errors
