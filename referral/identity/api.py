"""The JSON door to oneself, the organisations and the colleagues; and how a program proves who it is."""

from typing import Any
from uuid import UUID

from flask import request

from referral.core.fields import NoMembers
from referral.core.http import ApiBlueprint, current_actor, current_work, etag, expected_version
from referral.core.paging import Page
from referral.core.policy import Actor
from referral.core.work import Work
from referral.identity import usecases
from referral.identity.schemas import (
    ChangeOrganisationSchema,
    DeactivationAnswer,
    MeAnswer,
    OrganisationAnswer,
    OrganisationPage,
    OrganisationQuery,
    RegionTermsAnswer,
    TuneLimitsSchema,
    TuneTermSchema,
    UserPage,
    UserQuery,
    describe_terms,
)
from referral.identity.usecases import (
    ChangeOrganisation,
    Colleague,
    DeactivateUser,
    ListedOrganisation,
    ListOrganisations,
    ListUsers,
    Me,
    RemoveMembership,
    TuneLimits,
    TuneTerm,
    authenticate_token,
    find_role,
)

Headers = dict[str, str]

api = ApiBlueprint(
    "identity", __name__, url_prefix="/v1", description="Wie u bent, de organisaties in de keten en uw collega's."
)

_ORGANISATION_ID = "01936f2a-5c00-7000-8000-00000000a001"
_USER_ID = "01936f2a-5c00-7000-8000-00000000b001"
_ME = {
    "id": _USER_ID,
    "name": "Sanne Voorbeeld",
    "organisation": {"id": _ORGANISATION_ID, "kind": "municipality", "name": "Gemeente Voorbeeld"},
    "roles": ["referrer"],
    "scopes": ["identity:read", "referrals:read", "referrals:write"],
}
_ORGANISATION = {
    "id": _ORGANISATION_ID,
    "kind": "municipality",
    "name": "Gemeente Voorbeeld",
    "municipalityCode": "GM0034",
    "regions": [
        {"id": "01936f2a-5c00-7000-8000-00000000c001", "kind": "labour_market", "code": "AM11", "name": "Flevoland"}
    ],
    "version": 1,
}
_USERS = {"items": [{"id": _USER_ID, "name": "Sanne Voorbeeld", "roles": ["referrer"]}], "next": None}
_DEACTIVATION = {"userId": _USER_ID, "deactivatedAt": "2026-11-03T14:00:00Z"}

_REGION_TERMS = {
    "region": {
        "id": "01936f2a-5c00-7000-8000-00000000c001",
        "kind": "labour_market",
        "code": "AM11",
        "name": "Flevoland",
    },
    "terms": [
        {
            "term": "submitted",
            "label": "Van aanmelding naar eerste antwoord",
            "steps": {
                "remind": {"workingDays": 2},
                "escalate": {"workingDays": 5},
                "escalateRegion": {"workingDays": 10},
                "end": {"workingDays": 20},
            },
            "own": True,
        }
    ],
    "limits": {"holdMaxDays": 60, "undoMinutes": 60},
    "version": 2,
}


def bearer_actor(work: Work) -> Actor | None:
    """Whoever the `Authorization: Bearer` header proves; a cookie proves nothing here (RFC 6750)."""
    proof = request.authorization
    if proof is None or proof.type != "bearer" or not proof.token:
        return None
    return authenticate_token(work, proof.token, request.remote_addr or "-")


@api.route("/me")
@api.response(200, MeAnswer, example=_ME)
def show_me() -> Me:
    """Wie u bent en voor welke organisatie u werkt."""
    return usecases.show_me(actor=current_actor(), work=current_work())


@api.route("/organisations")
@api.arguments(OrganisationQuery, location="query")
@api.response(200, OrganisationPage, example={"items": [_ORGANISATION], "next": None})
def list_organisations(query: ListOrganisations) -> Page[ListedOrganisation]:
    """De organisaties in de keten."""
    return usecases.list_organisations(query, actor=current_actor(), work=current_work())


@api.route("/organisations/<uuid:organisation_id>", methods=["PATCH"])
@api.arguments(ChangeOrganisationSchema, example={"name": "Gemeente Voorbeeldstad"})
@api.response(200, OrganisationAnswer, example={**_ORGANISATION, "name": "Gemeente Voorbeeldstad", "version": 2})
def change_organisation(changes: dict[str, Any], organisation_id: UUID) -> tuple[ListedOrganisation, int, Headers]:
    """Wijzig de naam of de gemeente van uw eigen organisatie."""
    command = ChangeOrganisation(organisation_id, expected_version(), changes)
    changed = usecases.change_organisation(command, actor=current_actor(), work=current_work())
    return usecases.show_organisation(changed.id, work=current_work()), 200, etag(changed.version)


@api.route("/users")
@api.arguments(UserQuery, location="query")
@api.response(200, UserPage, example=_USERS)
def list_users(query: ListUsers) -> Page[Colleague]:
    """Uw collega's met hun rollen."""
    return usecases.list_users(query, actor=current_actor(), work=current_work())


@api.route("/users/<uuid:user_id>/deactivations", methods=["POST"])
@api.arguments(NoMembers, required=False, example={})
@api.response(201, DeactivationAnswer, example=_DEACTIVATION)
def deactivate_user(_nothing: dict[str, Any], user_id: UUID) -> Any:
    """Sluit het account van een collega; de dossiers gaan terug naar het team."""
    return usecases.deactivate_user(DeactivateUser(user_id), actor=current_actor(), work=current_work())


@api.route("/regions/<uuid:region_id>/terms")
@api.response(200, RegionTermsAnswer, example=_REGION_TERMS)
def show_terms(region_id: UUID) -> tuple[dict[str, Any], int, dict[str, str]]:
    """De termijnen en grenzen die uw regio geeft."""
    tuned = usecases.show_tuned(region_id, actor=current_actor(), work=current_work())
    return describe_terms(tuned), 200, etag(tuned.region.version)


@api.route("/regions/<uuid:region_id>/terms/<term>", methods=["PATCH"])
@api.arguments(TuneTermSchema, example={"steps": {"remind": {"workingDays": 2}}})
@api.response(200, RegionTermsAnswer, example=_REGION_TERMS)
def change_term(members: dict[str, Any], region_id: UUID, term: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Wijzig een termijn van uw regio. Lopende zaken houden de datum die ze hebben."""
    command = TuneTerm(region_id, term, members["steps"], expected_version())
    tuned = usecases.tune_term(command, actor=current_actor(), work=current_work())
    return describe_terms(tuned), 200, etag(tuned.region.version)


@api.route("/regions/<uuid:region_id>/limits", methods=["PATCH"])
@api.arguments(TuneLimitsSchema, example={"limits": {"holdMaxDays": 60}})
@api.response(200, RegionTermsAnswer, example=_REGION_TERMS)
def change_limits(members: dict[str, Any], region_id: UUID) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Wijzig grenzen van uw regio. Ze gelden vanaf de volgende stap in elke zaak."""
    command = TuneLimits(region_id, members["limits"], expected_version())
    tuned = usecases.tune_limits(command, actor=current_actor(), work=current_work())
    return describe_terms(tuned), 200, etag(tuned.region.version)


@api.route("/users/<uuid:user_id>/roles/<role>", methods=["DELETE"])
@api.response(204)
def remove_role(user_id: UUID, role: str) -> None:
    """Neem een rol van een collega weg; de zaken van die rol gaan terug naar het team."""
    actor = current_actor()
    command = RemoveMembership(user_id, actor.organisation_id, find_role(role))
    usecases.remove_membership(command, actor=actor, work=current_work())
