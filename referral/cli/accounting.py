"""Commands of accountability: the register of processing activities, and whom a data breach touches."""

from uuid import UUID

import click
import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.accountability.register import render_register
from referral.accountability.schemas import AffectedQuery, show_affected
from referral.accountability.usecases import find_affected
from referral.cli.installation import find_organisation, opened_service, operator_of
from referral.core.policy import Role, system_actor
from referral.identity.models import User


@click.command()
def register() -> None:
    """Print the register of processing activities (AVG art. 30) as Markdown."""
    click.echo(render_register(), nl=False)


@click.command()
@click.option("--organisation", help="Naam of id. Zonder: de hele installatie.")
@click.option("--key", "key_id", help="Een hoofdsleutel (KEK) of het nummer van een sleutel daaronder.")
@click.option("--user", help="E-mailadres of id van wie het account was.")
@click.option("--from", "since", help="Vanaf, bijvoorbeeld 2026-11-02T00:00:00Z")
@click.option("--until", help="Tot, bijvoorbeeld 2026-11-03T00:00:00Z")
def affected(
    organisation: str | None, key_id: str | None, user: str | None, since: str | None, until: str | None
) -> None:
    """Print as JSON whom a data breach touches: a stolen key, a stolen account, a period, or these together."""
    with opened_service() as service, service.work() as work:
        actor = system_actor("cli")
        if organisation:
            actor = operator_of(work.session, find_organisation(work.session, organisation), Role.PRIVACY_OFFICER)
        user_id = str(_find_user(work.session, user)) if user else None
        asked = {"keyId": key_id, "userId": user_id, "from": since, "until": until}
        command = AffectedQuery().load({name: value for name, value in asked.items() if value})
        found = show_affected(find_affected(command, actor=actor, work=work))
    click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())


def _find_user(session: Session, email_or_id: str) -> UUID:
    for user in session.scalars(select(User)):
        if email_or_id in (user.email, str(user.id)):
            return user.id
    raise click.ClickException("Er is geen medewerker met dit e-mailadres of id.")
