"""What of organisations, colleagues and oneself may leave the service, and the queries that ask for it."""

from typing import Any

from marshmallow import post_load

from referral.core.codelists import municipalities
from referral.core.fields import ApiSchema, Code, Id, Instant, Listed, Number, Part, Text
from referral.core.http import PageQuery
from referral.core.policy import OrganisationKind, Role
from referral.identity.models import ALL_SCOPES, RegionKind
from referral.identity.usecases import ListOrganisations, ListUsers
from referral.identity.usecases.register import LONGEST_NAME


class OrganisationQuery(PageQuery):
    """The query keys of the list of organisations."""

    kind = Code(OrganisationKind, load_default=None, metadata={"description": "Alleen organisaties van deze soort."})

    @post_load
    def to_command(self, members: dict[str, Any], **_options: Any) -> ListOrganisations:
        kind = members.pop("kind")
        return ListOrganisations(kind=OrganisationKind(kind) if kind else None, **members)


class UserQuery(PageQuery):
    """The query keys of the list of colleagues."""

    @post_load
    def to_command(self, members: dict[str, Any], **_options: Any) -> ListUsers:
        return ListUsers(**members)


class ActingOrganisationAnswer(ApiSchema):
    """The organisation that somebody acts for."""

    id = Id(required=True)
    kind = Code(OrganisationKind, required=True)
    name = Text(required=True)


class MeAnswer(ApiSchema):
    """Who asks, for which organisation, and how far the token reaches."""

    id = Id(required=True, attribute="actor.id")
    name = Text(required=True, attribute="actor.name")
    organisation = Part(ActingOrganisationAnswer, required=True)
    roles = Listed(Code(Role), required=True)
    scopes = Listed(Code(ALL_SCOPES), required=True)


class RegionAnswer(ApiSchema):
    """A region to which an organisation belongs."""

    id = Id(required=True)
    kind = Code(RegionKind, required=True)
    code = Text(
        required=True, allow_none=True, metadata={"description": "De code van het CBS, bij een arbeidsmarktregio."}
    )
    name = Text(required=True)


class OrganisationAnswer(ApiSchema):
    """An organisation in the chain."""

    id = Id(required=True, attribute="organisation.id")
    kind = Code(OrganisationKind, required=True, attribute="organisation.kind")
    name = Text(required=True, attribute="organisation.name")
    municipality_code = Text(
        required=True,
        allow_none=True,
        attribute="organisation.municipality_code",
        metadata={"description": "De code van het CBS van de gemeente waar deze organisatie werkt."},
    )
    regions = Listed(Part(RegionAnswer), required=True, least=0)
    version = Number(1, 10**9, required=True, attribute="organisation.version")


class ChangeOrganisationSchema(ApiSchema):
    """What an administrator changes of the own organisation; what is left out stays as it is."""

    name = Text(longest=LONGEST_NAME)
    municipality_code = Code(municipalities(), allow_none=True)


class OrganisationPage(ApiSchema):
    """Some organisations, and the cursor of the rest."""

    items = Listed(Part(OrganisationAnswer), required=True, least=0, most=100)
    next = Text(required=True, allow_none=True)


class UserAnswer(ApiSchema):
    """A colleague."""

    id = Id(required=True, attribute="user.id")
    name = Text(required=True, attribute="user.name")
    roles = Listed(Code(Role), required=True)


class UserPage(ApiSchema):
    """Some colleagues, and the cursor of the rest."""

    items = Listed(Part(UserAnswer), required=True, least=0, most=100)
    next = Text(required=True, allow_none=True)


class DeactivationAnswer(ApiSchema):
    """The account that has ended, and when."""

    user_id = Id(required=True, attribute="id")
    deactivated_at = Instant(required=True)
