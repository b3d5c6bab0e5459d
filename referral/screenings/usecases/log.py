"""Logging screenings, one by one or from a file, and noting the month in which one led to a referral."""

from collections.abc import Collection, Sequence

from sqlalchemy import update

from referral.core.codelists import LIST_YEARS, Term
from referral.core.codes import new_screening_code
from referral.core.errors import Invalid
from referral.core.policy import Actor
from referral.core.work import Work
from referral.identity.usecases import terms_for
from referral.screenings.instruments import check_outcome, conversation_days, skills_of
from referral.screenings.models import Screening
from referral.screenings.usecases.commands import (
    ImportResult,
    ImportRow,
    ImportScreenings,
    LogScreening,
    Progress,
    ScreeningLogged,
)
from referral.screenings.usecases.look import read_code


def log_screening(command: LogScreening, *, actor: Actor, work: Work) -> Screening:
    """Log an anonymous screening under a new code (L1). Raises `Invalid` with every rule that is broken."""
    errors = check_outcome(command.outcome, work.today)
    if errors:
        raise Invalid(errors=errors)
    term = terms_for(work.session, actor.organisation_id)["screening"]
    screening = _screening(command, term, actor, work)
    _save([screening], actor, work)
    work.record(actor, "screening:log", "screening", screening.id)
    return screening


def import_screenings(
    command: ImportScreenings, *, actor: Actor, work: Work, progress: Progress = lambda _done, _total: None
) -> ImportResult:
    """Log every good row and name every bad one (V6); `progress` hears how many rows of how many are done."""
    screenings, rejected = [], []
    term = terms_for(work.session, actor.organisation_id)["screening"]
    for done, row in enumerate(command.rows, start=1):
        errors = row.errors if row.command is None else check_outcome(row.command.outcome, work.today)
        if row.command is None or errors:
            rejected.append(ImportRow(row.number, None, errors))
        else:
            screenings.append(_screening(row.command, term, actor, work))
        progress(done, len(command.rows))
    _save(screenings, actor, work)
    work.record(actor, "screening:import", "screening", None, imported=len(screenings), rejected=len(rejected))
    return ImportResult([screening.code for screening in screenings], rejected)


def mark_referred(work: Work, codes: Collection[str], month: str) -> None:
    """Tell screenings that they led to a referral, in the precision of a month ("2026-11"); the first month stays.

    The codes may be written in any way; the caller found them with `screenings_by_code`.
    Leaves no audit row and no event on purpose: those would tie the screening to the referral by their trace.
    """
    work.session.execute(
        update(Screening)
        .where(Screening.code.in_([read_code(code) for code in codes]), Screening.referred_month.is_(None))
        .values(referred_month=month, version=Screening.version + 1)
    )


def _screening(command: LogScreening, term: Term, actor: Actor, work: Work) -> Screening:
    days = conversation_days(command.outcome, command.indication, term)
    return Screening(
        code=new_screening_code(),
        organisation_id=actor.organisation_id,
        source_kind=actor.organisation_kind,
        instrument=command.instrument,
        instrument_year=LIST_YEARS["instrument"],
        conducted_on=command.conducted_on,
        indication=command.indication,
        score=command.score,
        block=command.block,
        duration_minutes=command.duration_minutes,
        skills=skills_of(command.outcome),
        language_background=command.language_background,
        employment=command.employment,
        age_band=command.age_band,
        raises_children=command.raises_children,
        education_level=command.education_level,
        municipality_code=command.municipality_code,
        sector=command.sector,
        occupation_code=command.occupation_code,
        found_at=command.found_at,
        logged_at=work.now,
        conversation_due_on=days.get("remind"),
        conversation_escalate_on=days.get("escalate"),
    )


def _save(screenings: Sequence[Screening], actor: Actor, work: Work) -> None:
    work.session.add_all(screenings)
    work.session.flush()
    for screening in screenings:
        work.publish(ScreeningLogged(object_id=screening.id, actor_id=actor.id))
