"""The national statistics of adult education: of each course that somebody followed, exactly what CBS asks.

The rows are of persons, so they go to the organisation that registered them and to nobody else; a region and an
employer get none. Each person stands in it under a number that leads nowhere (`participants.usecases.numbering`).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import Row, func, select

from referral.core.errors import FieldError, Invalid, NotAllowed
from referral.core.policy import Actor, OrganisationKind
from referral.core.work import AMSTERDAM, Work
from referral.participants.models import Participant
from referral.participants.scopes import NATIONAL_STATISTICS
from referral.participants.usecases import administration_number, new_secret
from referral.referrals.models import Referral
from referral.referrals.workflow import Status

EARLIEST_YEAR = 2000
ADULT = 18
"""From this age on somebody takes part in adult education (WEB)."""
MOTHER_TONGUES: Mapping[str, str] = {"nt1": "dutch", "nt2": "other"}
UNKNOWN = "unknown"
BATCH = 500

Progress = Callable[[int, int], object]
Course = Row[Participant, str | None, str | None, str | None]


@dataclass(frozen=True)
class ShowNationalStatistics:
    """Of which year, and for which region; the region need not be named by an organisation that belongs to one."""

    year: int
    region_id: UUID | None = None


@dataclass(frozen=True)
class Participation:
    """One course that one person followed in the year. None: not known."""

    gender: str
    birth_year: int | None
    mother_tongue: str
    municipality_code: str | None
    course_kind: str | None
    course_type: str | None
    administration_number: str


@dataclass(frozen=True)
class NationalStatistics:
    """The set of one organisation for one region and year, and how many courses were left out, by reason."""

    year: int
    region_id: UUID
    rows: Sequence[Participation]
    left_out: Mapping[str, int]


def show_national_statistics(
    query: ShowNationalStatistics, *, actor: Actor, work: Work, progress: Progress = lambda _done, _total: None
) -> NationalStatistics:
    """Every course that a person of the own register followed on at least one day of the year, in no order that tells.

    Raises `NotAllowed` for a region and an employer, and `Invalid` for a year to come or a region that is not theirs.
    """
    if actor.organisation_kind is OrganisationKind.REGION or actor.has_narrow_view:
        raise NotAllowed("Deze lijst gaat over personen. Alleen de organisatie die hen registreerde, kan hem opvragen.")
    region_id = _check(query, actor, work)
    courses = _courses(query.year, actor, work)
    left_out = Counter(reason for course in courses if (reason := _why_not(course[0])))
    open_courses = [course for course in courses if not _why_not(course[0])]
    rows = []
    with work.reading(actor, NATIONAL_STATISTICS):
        for done, course in enumerate(open_courses):
            if not done % BATCH:
                progress(done, len(open_courses))
            rows.append((course[0], _participation(course, region_id)))
    adults = [(person, row) for person, row in rows if not _is_child(row, query.year)]
    left_out["too_young"] = len(rows) - len(adults)
    progress(len(rows), len(rows))
    subjects = {person.id for person, _row in adults}
    work.record(
        actor,
        "report:national_statistics",
        "report",
        None,
        subjects=sorted(subjects),
        year=query.year,
        count=len(subjects),
        regionId=str(region_id),
    )
    shown = sorted((row for _person, row in adults), key=lambda row: (row.administration_number, str(row)))
    return NationalStatistics(query.year, region_id, shown, +left_out)


def _check(query: ShowNationalStatistics, actor: Actor, work: Work) -> UUID:
    """The region that is meant. Raises `Invalid` with all that is wrong."""
    errors, regions = [], sorted(actor.region_ids)
    if query.year > work.today.year:
        errors.append(FieldError("/year", "future", "Dit jaar ligt in de toekomst."))
    if query.region_id is not None and query.region_id not in regions:
        errors.append(FieldError("/regionId", "not_found", "Uw organisatie hoort niet bij deze regio."))
    elif query.region_id is None and len(regions) != 1:
        why = (
            "Uw organisatie hoort bij meer regio's. Noem welke." if regions else "Uw organisatie hoort bij geen regio."
        )
        errors.append(FieldError("/regionId", "required", why))
    if errors:
        raise Invalid(errors=errors)
    return query.region_id or regions[0]


def _courses(year: int, actor: Actor, work: Work) -> Sequence[Course]:
    """Started before the year ended, and not over before it began; aftercare is no course any more."""
    begins, ends = (datetime.combine(date(each, 1, 1), time(), AMSTERDAM) for each in (year, year + 1))
    over = func.coalesce(Referral.completed_at, Referral.ended_at)
    query = (
        select(Participant, Referral.municipality_code, Referral.offered_course_kind, Referral.offered_course_type)
        .join(Referral, Referral.participant_id == Participant.id)
        .where(
            Participant.organisation_id == actor.organisation_id,
            Referral.source_organisation_id == actor.organisation_id,
            Referral.started_at < ends,
            Referral.status != Status.VOID,
            over.is_(None) | (over >= begins),
        )
    )
    return work.session.execute(query).all()


def _why_not(person: Participant) -> str | None:
    """Erased is erased; and what is only kept is not used for statistics either (AVG art. 17 and 18)."""
    if person.erased_at is not None:
        return "erased"
    return "restricted" if person.restricted_at is not None else None


def _participation(course: Course, region_id: UUID) -> Participation:
    person, municipality_code, course_kind, course_type = course
    return Participation(
        gender=person.gender or UNKNOWN,
        birth_year=person.birth_year,
        mother_tongue=MOTHER_TONGUES.get(person.language_background or "", UNKNOWN),
        municipality_code=municipality_code,
        course_kind=course_kind,
        course_type=course_type,
        administration_number=administration_number(_secret_of(person), region_id),
    )


def _secret_of(person: Participant) -> str:
    """The person's own secret, made now for whoever was registered without one."""
    secret = person.statistics_secret
    if secret is None:
        person.statistics_secret = secret = new_secret()
    return secret


def _is_child(row: Participation, year: int) -> bool:
    """Whether the birth year says that the person was younger than an adult all year long."""
    return row.birth_year is not None and year - row.birth_year < ADULT
