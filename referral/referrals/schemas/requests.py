"""What a caller sends to make, change or list referrals, and the commands that it becomes."""

from typing import Any

from marshmallow import post_load, validates_schema

from referral.core.codelists import labels, legal_bases, municipalities
from referral.core.codes import read_screening_code
from referral.core.fields import ApiSchema, Code, Day, Flag, Id, Listed, Messages, Part, QueryFlag, Text, wrong
from referral.core.http import PageQuery
from referral.participants.schemas import ParticipantInSchema
from referral.participants.usecases import TOLD, AgreementGiven, Declaration, Informed
from referral.referrals.usecases import CreateReferral, ListReferrals, RetireCode, choosable_reasons
from referral.referrals.usecases.moving import REASON
from referral.referrals.workflow import Party, Status


class ScreeningCode(Text):
    """The code of a screening, however it was typed; refused when its check symbol is wrong."""

    default_error_messages: Messages = {"code": "code|Deze code klopt niet. Kijk hem na op het kaartje."}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        try:
            return read_screening_code(super()._deserialize(value, attr, data, **options))
        except ValueError:
            raise self.make_error("code") from None


class HeldConversationSchema(ApiSchema):
    held_on = Day(required=True, metadata={"description": "De dag van het gesprek over de uitslag."})
    outcome = Code(labels("conversationOutcome"), required=True)


class InformedSchema(ApiSchema):
    on = Day(required=True, metadata={"description": "De dag waarop het de deelnemer is verteld."})
    by = Id(load_default=None, metadata={"description": "Wie het vertelde; zonder dit veld bent u dat zelf."})
    told = Listed(Code(labels("told")), load_default=list(TOLD), metadata={"description": "Wat er is verteld."})

    @post_load
    def to_command(self, members: dict[str, Any], **_: Any) -> Informed:
        return Informed(**members | {"told": tuple(members["told"])})


class DeclarationSchema(ApiSchema):
    signed_on = Day(required=True)
    form = Code(labels("declarationForm"), required=True)

    @post_load
    def to_command(self, members: dict[str, Any], **_: Any) -> Declaration:
        return Declaration(**members)


class AgreementGivenSchema(ApiSchema):
    given_on = Day(required=True)
    method = Code(labels("method"), required=True)
    data_scope = Listed(Code(labels("dataScope")), required=True)
    informed = Part(InformedSchema, metadata={"description": "Wie de deelnemer vooraf vertelde wat er gedeeld wordt."})
    declaration = Part(
        DeclarationSchema,
        metadata={"description": "De schriftelijke verklaring van geen bezwaar, waar de geheimhouding die vraagt."},
    )

    @post_load
    def to_command(self, members: dict[str, Any], **_: Any) -> AgreementGiven:
        return AgreementGiven(**members | {"data_scope": tuple(members["data_scope"])})


class DraftMembers(ApiSchema):
    """The members that a draft may have and that may still change."""

    trajectory_id = Id(allow_none=True, metadata={"description": "Een traject uit de catalogus."})
    skills = Listed(Code(labels("skills")), most=3)
    screening_codes = Listed(ScreeningCode(longest=40), least=0, most=10)
    no_screening = Flag()
    learning_wish = Text(longest=2000, allow_none=True, metadata={"description": "In de woorden van de deelnemer."})
    barriers = Listed(Code(labels("barriers")), least=0)
    legal_basis = Code(legal_bases(), allow_none=True)
    purpose = Text(longest=500, allow_none=True, metadata={"description": "Waarvoor de gegevens worden gedeeld."})
    agreement = Part(AgreementGivenSchema, allow_none=True)
    override_reason = Code(labels("overrideReason"), allow_none=True)
    municipality_code = Code(municipalities(), allow_none=True)
    employment = Code(labels("employment"), allow_none=True)


class CreateReferralSchema(DraftMembers):
    participant = Part(ParticipantInSchema)
    participant_id = Id()
    advise_me = Flag(load_default=False, metadata={"description": "De regio kiest het traject."})
    skills = Listed(Code(labels("skills")), required=True, most=3)
    conversation = Part(HeldConversationSchema)
    waiver = Code(labels("conversationWaiver"))
    note = Text(longest=4000)
    submit = Flag(load_default=False, metadata={"description": "Meteen aanmelden; anders blijft het een concept."})

    @validates_schema(skip_on_field_errors=False)
    def one_person(self, members: dict[str, Any], **_: Any) -> None:
        if ("participant" in members) == ("participant_id" in members):
            raise wrong("one_of", "Geef participant of participantId, en niet allebei.", "participant")

    @post_load
    def to_command(self, members: dict[str, Any], **_: Any) -> CreateReferral:
        conversation = members.pop("conversation", None) or {}
        for name in ("skills", "screening_codes", "barriers"):
            members[name] = tuple(members.get(name) or ())
        return CreateReferral(
            conversation_held_on=conversation.get("held_on"),
            conversation_outcome=conversation.get("outcome"),
            **members,
        )


class ChangeReferralSchema(DraftMembers):
    """The members to change; the others stay as they are."""

    @validates_schema
    def something(self, members: dict[str, Any], **_: Any) -> None:
        if not members:
            raise wrong("required", "Geef minstens een veld om te wijzigen.")


class ListReferralsSchema(PageQuery):
    status = Code([status.value for status in Status], load_default=None)
    ball_with = Code([party.value for party in Party], load_default=None)
    mine = QueryFlag(load_default=False, metadata={"description": "Wat op mij of mijn team wacht."})
    overdue = QueryFlag(load_default=False, metadata={"description": "Waarvan de termijn voorbij is."})
    trajectory_id = Id(load_default=None)
    participant_id = Id(load_default=None)
    reference = Text(longest=20, load_default=None)
    due_before = Day(load_default=None)

    @post_load
    def to_command(self, members: dict[str, Any], **_: Any) -> ListReferrals:
        status, party = members.pop("status"), members.pop("ball_with")
        return ListReferrals(
            status=Status(status) if status else None, ball_with=Party(party) if party else None, **members
        )


class RetireCodeSchema(ApiSchema):
    """A code that the own organisation no longer offers."""

    name = Code((REASON,), required=True, data_key="list")
    code = Code(choosable_reasons(), required=True)

    @post_load
    def to_command(self, members: dict[str, Any], **_: Any) -> RetireCode:
        return RetireCode(**members)
