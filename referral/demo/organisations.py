"""The cast: an invented set of organisations in a real arbeidsmarktregio, and the forty people who work there."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from referral.core.codelists import labour_market_regions, municipalities
from referral.core.policy import Actor, OrganisationKind, Role, system_actor
from referral.core.work import Work
from referral.identity.models import Organisation, Region, RegionKind
from referral.identity.usecases import (
    AddMembership,
    RegisterOrganisation,
    RegisterRegion,
    RegisterUser,
    SetPassword,
    add_membership,
    register_organisation,
    register_region,
    register_user,
    set_password,
)

PASSWORD = "samen-leren-werkt-2026"  # noqa: S105
"""One password for every demo account; it opens nothing but invented data."""

REGION_CODE = "AM10"
MUNICIPALITIES = tuple(
    code for code, place in municipalities().items() if place.labour_market_region_code == REGION_CODE
)
HOME = "Gemeente Tiel"
SCHAKEL = "Opleidingshuis De Schakel"
UWV = "UWV-kantoor De Kade"
REGION = "Samenwerkingsverband Lezen Telt Mee"
HOME_CODE = "GM0281"


@dataclass(frozen=True)
class Account:
    """Somebody who works in the chain, with the organisation and the roles there."""

    email: str
    name: str
    organisation: str
    roles: tuple[Role, ...]


ORGANISATIONS: tuple[tuple[OrganisationKind, str, str | None], ...] = (
    *((OrganisationKind.MUNICIPALITY, f"Gemeente {municipalities()[code].name}", code) for code in MUNICIPALITIES),
    (OrganisationKind.UWV, UWV, HOME_CODE),
    (OrganisationKind.WERKCENTRUM, "Werkcentrum De Veerpont", HOME_CODE),
    (OrganisationKind.EMPLOYER, "Fruitpakhuis Appelkwint", "GM1740"),
    (OrganisationKind.EMPLOYER, "Schoonmaakbedrijf Helderglim", "GM0281"),
    (OrganisationKind.EMPLOYER, "Woonzorghuis Lindebries", "GM0216"),
    (OrganisationKind.EMPLOYER, "Distributiecentrum Kwartelkade", "GM0297"),
    (OrganisationKind.TAALHUIS, "Taalhuis Zilt", "GM0281"),
    (OrganisationKind.TAALHUIS, "Taalhuis Uiterwoord", "GM1960"),
    (OrganisationKind.PROVIDER, SCHAKEL, "GM0281"),
    (OrganisationKind.PROVIDER, "Taalwerkplaats Wilgenroos", "GM0216"),
    (OrganisationKind.PROVIDER, "Leerbedrijf Kersenhof", "GM0214"),
    (OrganisationKind.PROVIDER, "Vakschool De Lokgans", "GM0297"),
    (OrganisationKind.PROVIDER, "Stichting Leesvlonder", "GM0668"),
    (OrganisationKind.REGION, REGION, None),
)

WORKPLACES: Mapping[str, tuple[str, str]] = {
    "Fruitpakhuis Appelkwint": ("A", "0921"),
    "Schoonmaakbedrijf Helderglim": ("N", "1121"),
    "Woonzorghuis Lindebries": ("I", "1122"),
    "Distributiecentrum Kwartelkade": ("C", "0772"),
}
"""The sector (SBI) and the occupation (BRC) of the people an employer refers."""

KLANTMANAGER, ADVISER, EMPLOYER, COACH, COORDINATOR, REGIONAL, PRIVACY, ADMIN, REGIONAL_ADMIN = ACCOUNTS = (
    Account("klantmanager@demo.example", "Sanne Rietvink", HOME, (Role.REFERRER,)),
    Account("uwv@demo.example", "Mehmet Klaverweide", UWV, (Role.REFERRER,)),
    Account("werkgever@demo.example", "Ingrid Perenwijk", "Schoonmaakbedrijf Helderglim", (Role.REFERRER,)),
    Account("trajectbegeleider@demo.example", "Youssef Molenzicht", SCHAKEL, (Role.COACH,)),
    Account("coordinator@demo.example", "Marloes Hazelhorst", HOME, (Role.COORDINATOR,)),
    Account("regio@demo.example", "Diederik Waalstroom", REGION, (Role.COORDINATOR,)),
    Account("privacy@demo.example", "Renske Sterrenkamp", HOME, (Role.PRIVACY_OFFICER,)),
    Account("beheer@demo.example", "Ruud Eikelbroek", HOME, (Role.ADMIN,)),
    Account("regiobeheer@demo.example", "Tineke Lindendaal", REGION, (Role.ADMIN,)),
)
"""The accounts with a password, in the order in which a visitor is told of them."""


def _colleague(name: str, organisation: str, *roles: Role) -> Account:
    plain = unicodedata.normalize("NFD", name.lower()).encode("ascii", "ignore").decode()
    return Account(f"{plain.replace(' ', '.')}@voorbeeld.example", name, organisation, roles)


COLLEAGUES = (
    _colleague("Bouchra Sleedoorn", HOME, Role.REFERRER),
    _colleague("Teun Akkerdijk", HOME, Role.REFERRER),
    _colleague("Hanneke Braambos", "Gemeente Buren", Role.REFERRER, Role.COORDINATOR),
    _colleague("Ivo Grasduin", "Gemeente Culemborg", Role.REFERRER),
    _colleague("Noor Balkenhof", "Gemeente Culemborg", Role.REFERRER, Role.COORDINATOR),
    _colleague("Anton Fruitema", "Gemeente Maasdriel", Role.REFERRER),
    _colleague("Leyla Ilgaz", "Gemeente Zaltbommel", Role.REFERRER),
    _colleague("Frits Dijkzicht", "Gemeente Zaltbommel", Role.REFERRER, Role.COORDINATOR),
    _colleague("Marit Heggelaar", "Gemeente West Maas en Waal", Role.REFERRER),
    _colleague("Daan Kersenboom", "Gemeente Neder-Betuwe", Role.REFERRER),
    _colleague("Petra Lisdodde", "Gemeente West Betuwe", Role.REFERRER),
    _colleague("Rashid Merelhof", "Gemeente West Betuwe", Role.REFERRER, Role.COORDINATOR),
    _colleague("Ellen Zandhaver", UWV, Role.REFERRER),
    _colleague("Stefan Okselaar", UWV, Role.REFERRER),
    _colleague("Wil Tarwezand", UWV, Role.COORDINATOR),
    _colleague("Hatice Populiers", "Werkcentrum De Veerpont", Role.REFERRER),
    _colleague("Jurre Weidevogel", "Werkcentrum De Veerpont", Role.REFERRER, Role.COORDINATOR),
    _colleague("Gonny Roggeveld", "Fruitpakhuis Appelkwint", Role.REFERRER),
    _colleague("Tim Linzenaar", "Woonzorghuis Lindebries", Role.REFERRER),
    _colleague("Agnieszka Nowacki", "Distributiecentrum Kwartelkade", Role.REFERRER),
    _colleague("Loes Boomgaarden", "Taalhuis Zilt", Role.REFERRER, Role.COACH),
    _colleague("Cor Haagwinde", "Taalhuis Uiterwoord", Role.REFERRER, Role.COACH),
    _colleague("Mina Elzenga", SCHAKEL, Role.COACH),
    _colleague("Koen Berkvliet", SCHAKEL, Role.COACH),
    _colleague("Astrid Zuringa", SCHAKEL, Role.COACH, Role.COORDINATOR),
    _colleague("Dilan Karabacak", "Taalwerkplaats Wilgenroos", Role.COACH, Role.COORDINATOR),
    _colleague("Bart Jachtveld", "Taalwerkplaats Wilgenroos", Role.COACH),
    _colleague("Suzan Meidoornse", "Leerbedrijf Kersenhof", Role.COACH, Role.COORDINATOR),
    _colleague("Rik Terpwoude", "Leerbedrijf Kersenhof", Role.COACH),
    _colleague("Fenna Schaapdrift", "Vakschool De Lokgans", Role.COACH, Role.COORDINATOR),
    _colleague("Orlando Wikkenaar", "Vakschool De Lokgans", Role.COACH),
    _colleague("Truus Oeverlands", "Stichting Leesvlonder", Role.COACH, Role.COORDINATOR),
)
STAFF = (*ACCOUNTS, *COLLEAGUES)

KIND_OF = {name: kind for kind, name, _ in ORGANISATIONS}
PLACE_OF = {name: code for _, name, code in ORGANISATIONS}


def staff_of(organisation: str, role: Role) -> tuple[Account, ...]:
    """Who holds this role in this organisation."""
    return tuple(each for each in STAFF if each.organisation == organisation and role in each.roles)


@dataclass(frozen=True)
class Cast:
    """Everybody who can act, by e-mail address, and the id of the region."""

    actors: Mapping[str, Actor]
    region_id: UUID


def register_cast(work: Work) -> Cast:
    """Register the region, the organisations and the people; only the demo accounts get a password."""
    operator = system_actor("demo")
    region = register_region(
        RegisterRegion(RegionKind.LABOUR_MARKET, labour_market_regions()[REGION_CODE], REGION_CODE),
        actor=operator,
        work=work,
    )
    places = {name: _register_place(kind, name, code, region, work) for kind, name, code in ORGANISATIONS}
    actors = {each.email: _register_account(each, places[each.organisation], region, work) for each in STAFF}
    return Cast(actors, region.id)


def _register_place(kind: OrganisationKind, name: str, code: str | None, region: Region, work: Work) -> Organisation:
    command = RegisterOrganisation(kind, name, code, region_ids=(region.id,))
    return register_organisation(command, actor=system_actor("demo"), work=work)


def _register_account(account: Account, place: Organisation, region: Region, work: Work) -> Actor:
    operator = system_actor("demo")
    user = register_user(RegisterUser(account.email, account.name), actor=operator, work=work)
    for role in account.roles:
        add_membership(AddMembership(user.id, place.id, role), actor=operator, work=work)
    if account in ACCOUNTS:
        set_password(SetPassword(user.id, PASSWORD), actor=operator, work=work)
    return Actor(
        id=user.id,
        organisation_id=place.id,
        organisation_kind=place.kind,
        roles=frozenset(account.roles),
        region_ids=frozenset({region.id}),
        origin="demo",
        name=user.name,
    )
