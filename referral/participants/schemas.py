"""What may enter and leave about a participant. `ParticipantInSchema` also stands inside a new referral."""

from collections.abc import Callable
from typing import Any

from marshmallow import fields, post_dump, post_load

from referral.core.codelists import labels
from referral.core.encryption import normalise_email, normalise_phone
from referral.core.fields import ApiSchema, Code, Day, Flag, Id, Instant, Number, Part, Text, camel_case, wrong
from referral.participants.scopes import EVERYTHING, PURPOSES
from referral.participants.usecases import ParticipantView, RegisterParticipant, SearchParticipants


def _readable(normalise: Callable[[str], str], code: str, sentence: str) -> Callable[[str], None]:
    def check(text: str) -> None:
        try:
            normalise(text)
        except ValueError:
            raise wrong(code, sentence) from None

    return check


check_phone = _readable(normalise_phone, "phone", "Dit is geen telefoonnummer dat wij kunnen lezen.")
check_email = _readable(normalise_email, "email", "Dit is geen e-mailadres.")


def _phone(**options: Any) -> Text:
    return Text(longest=30, validate=check_phone, **options)


def _email(**options: Any) -> Text:
    return Text(longest=254, validate=check_email, **options)


class ContactPersonSchema(ApiSchema):
    """A third whom the participant agreed to be reached through."""

    name = Text(longest=120, required=True, metadata={"example": "Fatma Yildirim"})
    phone = _phone(required=True, metadata={"example": "06 22 33 44 55"})
    relation = Text(longest=60, load_default=None, allow_none=True, metadata={"example": "zus"})


class ParticipantMembers(ApiSchema):
    """What an organisation may register about a person. Never a BSN, a diagnosis or an origin."""

    name = Text(longest=120, required=True, metadata={"example": "Ria de Wit"})
    phone = _phone(allow_none=True, metadata={"example": "06 11 22 33 44", "description": "In elke schrijfwijze."})
    email = _email(allow_none=True, metadata={"example": "ria@voorbeeld.example"})
    preferred_channel = Code(labels("channel"), allow_none=True)
    preferred_moment = Text(longest=120, allow_none=True, metadata={"example": "dinsdag na 10 uur"})
    client_number = Text(
        longest=40,
        allow_none=True,
        metadata={"example": "K-20418", "description": "Het eigen nummer van uw organisatie."},
    )
    birth_year = Number(1900, 2100, allow_none=True, metadata={"example": 1985})
    language_background = Code(labels("languageBackground"), allow_none=True)
    gender = Code(
        labels("gender"),
        allow_none=True,
        metadata={"description": "Alleen voor de landelijke statistiek. Wordt met niemand gedeeld."},
    )
    contact_person = Part(
        ContactPersonSchema, allow_none=True, metadata={"description": "Via wie de deelnemer te bereiken is."}
    )
    allow_duplicate = Flag(
        metadata={"description": "Dit is iemand anders met hetzelfde telefoonnummer, bijvoorbeeld van het gezin."}
    )


class ParticipantInSchema(ParticipantMembers):
    """A new participant."""

    @post_load
    def to_command(self, members: dict[str, Any], **_options: Any) -> RegisterParticipant:
        return RegisterParticipant(**members)


class ChangeParticipantSchema(ParticipantMembers):
    """Some members of a participant; null empties one, and what is left out stays as it is."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "partial": True})


class RegistrationSchema(ApiSchema):
    """That somebody is registered; nothing personal goes back."""

    id = Id(required=True)
    organisation_id = Id(required=True)
    registered_on = Day(required=True)
    version = Number(1, 10**9, required=True)


class PurposeQuery(ApiSchema):
    """Why the data are read; the purpose is on record."""

    purpose = Code(PURPOSES, required=True, metadata={"description": "Het doel van het inzien."})


class ParticipantSchema(ParticipantMembers):
    """What the reader may see. A member outside the agreed data scope is absent; an unknown one is null."""

    class Meta(ApiSchema.Meta):
        """A reader gets the person, not the answer to a question at registration."""

        exclude = ("allow_duplicate",)

    id = Id(required=True)
    organisation_id = Id(required=True)
    registered_on = Day(required=True)
    version = Number(1, 10**9, required=True)
    name = Text()

    @post_dump(pass_original=True)
    def within_sight(self, members: dict[str, Any], view: ParticipantView, **_options: Any) -> dict[str, Any]:
        hidden = {camel_case(member) for member in EVERYTHING if member not in view.shown}
        return {key: value for key, value in members.items() if key not in hidden}


class SearchSchema(ApiSchema):
    """Exactly one of the three, in any notation."""

    phone = _phone(metadata={"example": "0611223344"})
    email = _email(metadata={"example": "ria@voorbeeld.example"})
    client_number = Text(longest=40, metadata={"example": "K-20418"})

    @post_load
    def to_command(self, members: dict[str, Any], **_options: Any) -> SearchParticipants:
        return SearchParticipants(**members)


class MatchSchema(ApiSchema):
    """A participant of the own register, and on which member it was found."""

    id = Id(required=True)
    matched_on = Text(required=True, metadata={"example": "phone"})


class MatchesSchema(ApiSchema):
    """Everybody who was found."""

    items = fields.List(Part(MatchSchema), required=True)


class WithdrawalInSchema(ApiSchema):
    """When the participant said so."""

    heard_on = Day(required=True)


class WithdrawalSchema(ApiSchema):
    """What stopped at once."""

    participant_id = Id(required=True)
    heard_on = Day(required=True)
    recorded_at = Instant(required=True)
    agreements_ended = Number(0, 10**6, required=True)
    disclosures_ended = Number(0, 10**6, required=True)


class ErasureInSchema(ApiSchema):
    """Why the data are erased."""

    ground = Code(labels("ground"), required=True)


class ErasureReceiptSchema(ApiSchema):
    """What was erased, and what becomes unreadable later."""

    participant_id = Id(required=True)
    erased_at = Instant(required=True)
    ground = Code(labels("ground"), required=True)
    live = Text(required=True, metadata={"description": "De dienst zelf: `done`, niets is meer te lezen."})
    backups = Text(required=True, metadata={"description": "Oude reservekopieën: leesbaar tot hun sleutel weg is."})
    backups_unreadable_from = Day(required=True)
    explanation = Text(longest=1000, required=True, metadata={"description": "Hetzelfde in gewone taal."})
