"""Commands about who takes part: regions, organisations, users, tokens."""

import click
from sqlalchemy import select

from referral.cli.installation import find_named, find_organisation, opened_service, operator_of
from referral.core.policy import OrganisationKind, Role, system_actor
from referral.identity.models import ALL_SCOPES, Region, RegionKind, User
from referral.identity.usecases import (
    AddMembership,
    IssueToken,
    RegisterOrganisation,
    RegisterRegion,
    RegisterUser,
    SetPassword,
    add_membership,
    issue_token,
    register_organisation,
    register_region,
    register_user,
    remove_app,
    set_password,
)

ROLES = [role.value for role in Role if role is not Role.SYSTEM]


@click.group()
def region() -> None:
    """Regions in which organisations work together."""


@region.command("create")
@click.option("--kind", required=True, type=click.Choice([kind.value for kind in RegionKind]))
@click.option("--name", required=True)
@click.option("--code", help="Code van de arbeidsmarktregio (CBS), bijvoorbeeld AM10.")
def create_region(kind: str, name: str, code: str | None) -> None:
    """Enter a region; prints its id."""
    with opened_service() as service, service.work() as work:
        command = RegisterRegion(RegionKind(kind), name, code)
        click.echo(str(register_region(command, actor=system_actor("cli"), work=work).id))


@click.group()
def organisation() -> None:
    """Organisations in the chain."""


@organisation.command("create")
@click.option("--kind", required=True, type=click.Choice([kind.value for kind in OrganisationKind]))
@click.option("--name", required=True)
@click.option("--municipality", help="Code van de gemeente (CBS), bijvoorbeeld GM0281.")
@click.option("--region", "regions", multiple=True, help="Naam of id van een regio; mag vaker.")
def create_organisation(kind: str, name: str, municipality: str | None, regions: tuple[str, ...]) -> None:
    """Enter an organisation; prints its id."""
    with opened_service() as service, service.work() as work:
        ids = tuple(find_named(work.session.scalars(select(Region)), each).id for each in regions)
        command = RegisterOrganisation(OrganisationKind(kind), name, municipality, ids)
        click.echo(str(register_organisation(command, actor=system_actor("cli"), work=work).id))


@click.group()
def user() -> None:
    """People who work with the service."""


@user.command("create")
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--organisation", required=True, help="Naam of id.")
@click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice([r.value for r in Role if r is not Role.SYSTEM])
)
@click.option("--password", envvar="NEW_USER_PASSWORD", help="Laat weg om erom gevraagd te worden.")
def create_user(email: str, name: str, organisation: str, roles: tuple[str, ...], password: str | None) -> None:
    """Register somebody in an organisation, with roles and a password."""
    secret = password or click.prompt("Wachtwoord", hide_input=True, confirmation_prompt=True, err=True)
    with opened_service() as service, service.work() as work:
        found = find_organisation(work.session, organisation)
        operator = operator_of(work.session, found)
        account = register_user(RegisterUser(email=email, name=name), actor=operator, work=work)
        for role in roles:
            add_membership(AddMembership(account.id, found.id, Role(role)), actor=operator, work=work)
        set_password(SetPassword(account.id, secret), actor=operator, work=work)
        click.echo(str(account.id))


@user.command("reset-second-factor")
@click.option("--email", required=True)
def reset_second_factor(email: str) -> None:
    """Take the app of somebody who lost phone and recovery codes away; the password stays, every session ends."""
    with opened_service() as service, service.work() as work:
        found = work.session.scalars(select(User).where(User.email == email.strip().lower())).one_or_none()
        if found is None:
            raise click.ClickException("Er is geen account met dit e-mailadres.")
        remove_app(found.id, actor=system_actor("cli"), work=work)


@click.group()
def token() -> None:
    """Tokens for programs."""


@token.command("create")
@click.option("--email", required=True)
@click.option("--organisation", help="Naam of id; mag weg als iemand maar bij een organisatie werkt.")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 365))
@click.option("--scope", "scopes", multiple=True, type=click.Choice(sorted(ALL_SCOPES)), help="Standaard alle.")
def create_token(email: str, organisation: str | None, days: int, scopes: tuple[str, ...]) -> None:
    """Print a new token for a user acting for one organisation, and nothing else, on stdout."""
    with opened_service() as service, service.work() as work:
        command = IssueToken(user_email=email, organisation=organisation, scopes=scopes or ALL_SCOPES, days=days)
        click.echo(issue_token(command, actor=system_actor("cli"), work=work))
