"""What every command needs: this installation's service, a progress bar, and the organisation that is meant."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import click
from marshmallow import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from config.settings import SettingsError, load
from referral.app import create_service
from referral.core.errors import Problem
from referral.core.http import invalid
from referral.core.policy import SYSTEM_ID, Actor, Role
from referral.core.work import Service
from referral.identity.models import Organisation, Region, organisation_region

Named = TypeVar("Named", Organisation, Region)

notes = Console(stderr=True)


@contextmanager
def opened_service() -> Iterator[Service]:
    """The service of this installation; wrong settings and refusals end the command with a clear line."""
    try:
        service = create_service(load())
        try:
            yield service
        finally:
            service.engine.dispose()
    except (SettingsError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    except IntegrityError:
        raise click.ClickException("Dit bestaat al, of het past niet bij wat er al staat.") from None
    except DBAPIError as error:
        raise click.ClickException(
            f"De database is niet bereikbaar of niet bijgewerkt ({type(error).__name__})."
        ) from None
    except ValidationError as error:
        raise click.ClickException(_lines(invalid(error))) from None
    except Problem as problem:
        raise click.ClickException(_lines(problem)) from None


def _lines(problem: Problem) -> str:
    return "\n".join([problem.detail, *(f"{wrong.pointer}: {wrong.detail}" for wrong in problem.errors)])


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[..., None]]:
    """A progress bar on stderr, for (done, total) or (done, total, label); nothing when nobody watches."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=notes, disable=not notes.is_terminal) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total, label=label: bar.update(task, completed=done, total=total, description=label)


def find_organisation(session: Session, name_or_id: str) -> Organisation:
    """The one organisation with this name or id."""
    return find_named(session.scalars(select(Organisation)), name_or_id)


def find_named(rows: Iterable[Named], name_or_id: str) -> Named:
    """The one row with this name or id."""
    found = [each for each in rows if name_or_id in (each.name, str(each.id))]
    if len(found) != 1:
        raise click.ClickException(f"Er is niet precies een met deze naam of dit id: {name_or_id}")
    return found[0]


def operator_of(session: Session, organisation: Organisation, *roles: Role) -> Actor:
    """The operator at the console, acting for this organisation."""
    regions = select(organisation_region.c.region_id).where(organisation_region.c.organisation_id == organisation.id)
    return Actor(
        id=SYSTEM_ID,
        organisation_id=organisation.id,
        organisation_kind=organisation.kind,
        roles=frozenset({Role.SYSTEM, *roles}),
        region_ids=frozenset(session.scalars(regions)),
        origin="cli",
    )
