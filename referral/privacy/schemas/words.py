"""The Dutch words of everything that a letter to a participant may hold: members, codes, facts of events and deeds."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from referral.core.codelists import code_lists, questionnaire
from referral.core.fields import camel_case
from referral.core.work import AMSTERDAM
from referral.participants.usecases import ERASED, OBJECTED, WITHDRAWN
from referral.referrals.workflow import EVENT_LABELS, LABELS

NAMES: Mapping[str, str] = {
    "name": "Naam", "phone": "Telefoon", "email": "E-mail", "preferredChannel": "Liefst bereikbaar via",
    "preferredMoment": "Liefst bereikbaar op", "clientNumber": "Cliëntnummer", "birthYear": "Geboortejaar",
    "languageBackground": "Taalachtergrond", "gender": "Geslacht",
    "administrationNumbers": "Administratienummer voor de landelijke statistiek, per regio",
    "statisticsSecret": "Administratienummer", "contactPerson": "Contactpersoon",
    "relation": "Relatie",
    "registeredOn": "Geregistreerd op", "restrictedAt": "Gebruik beperkt sinds", "givenOn": "Gegeven op",
    "method": "Hoe", "dataScope": "Welke gegevens", "toldBy": "Verteld door", "toldOn": "Verteld op", "told": "Verteld",
    "declarationSignedOn": "Verklaring van geen bezwaar getekend op", "declarationForm": "Vorm van de verklaring",
    "recordedAt": "Vastgelegd op", "withdrawnOn": "Ingetrokken op", "withdrawalRecordedAt": "Intrekking vastgelegd op",
    "legalBasis": "Grondslag", "startedAt": "Vanaf", "endedAt": "Tot", "endReason": "Waarom gestopt",
    "correctedAt": "Laatst verbeterd op", "purpose": "Doel", "reference": "Nummer", "status": "Status",
    "skills": "Vaardigheden", "dueOn": "Uiterlijk op", "createdAt": "Gemaakt op", "submittedAt": "Aangemeld op",
    "acceptedAt": "Geaccepteerd op", "handedOverAt": "Overgedragen op", "intakeAt": "Intake op",
    "completedAt": "Afgerond op", "closedAt": "Afgesloten op", "sourceKind": "Soort verwijzer", "ageBand": "Leeftijd",
    "municipalityCode": "Gemeente", "employment": "Werk", "sector": "Sector", "noScreening": "Zonder screening",
    "screenedOn": "Gescreend op", "conversationHeldOn": "Gesprek over de uitslag op", "waiver": "Waarom geen gesprek",
    "overrideReason": "Waarom toch dit traject", "reason": "Reden", "waitlistKind": "Wachtlijst",
    "holdReason": "Waarom opgeschort", "holdSince": "Opgeschort sinds", "resumeOn": "Verder op",
    "escalatedAt": "Doorbraakberaad gevraagd op", "offerDueOn": "Passend aanbod uiterlijk op",
    "followUpDone": "Vervolg geregeld", "source": "Verwijzer", "receiver": "Ontvanger", "trajectory": "Traject",
    "alternative": "Ander voorstel", "learningWish": "Leerwens", "barriers": "Wat het lastig maakt",
    "screeningCodes": "Codes van screeningen", "code": "Code", "instrument": "Instrument", "conductedOn": "Gedaan op",
    "indication": "Indicatie", "score": "Score", "block": "Onderdeel", "durationMinutes": "Duur in minuten",
    "raisesChildren": "Voedt kinderen op",
    "educationLevel": "Opleiding", "occupationCode": "Beroep", "foundAt": "Vindplaats", "loggedAt": "Vastgelegd op",
    "discussed": "Besproken", "referredMonth": "Verwezen in", "held": "Gesprek gevoerd", "heldOn": "Gesprek op",
    "outcome": "Uitkomst", "kind": "Soort", "ground": "Grond", "receivedOn": "Gekomen op", "extended": "Langer de tijd",
    "text": "Tekst", "decidedAt": "Besloten op", "explanation": "Uitleg", "organisation": "Organisatie",
    "undoes": "Draait terug stap", "alternativeTrajectoryId": "Ander traject (nummer)", "atWork": "Aan het werk",
    "attemptedAt": "Geprobeerd op", "certificate": "Certificaat", "channel": "Kanaal",
    "coachId": "Begeleider (nummer)", "completedOn": "Afgerond op", "exception": "Uitzondering",
    "expectedStartOn": "Verwachte start", "fromCoachId": "Vorige begeleider (nummer)", "goalIds": "Leerdoelen (nrs)",
    "heardOn": "Gehoord op", "heldSince": "Opgeschort sinds", "intakeOn": "Intake op", "mode": "Hoe overgedragen",
    "newReferralId": "Nieuwe verwijzing (nummer)", "noAlternative": "Geen ander voorstel", "outcomes": "Verandering",
    "overCapacity": "Boven het aantal plaatsen", "participantPresent": "Deelnemer was erbij", "plannedAt": "Gepland op",
    "reconfirmedOn": "Opnieuw gevraagd op", "results": "Resultaten", "reviewOn": "Opnieuw bekijken op",
    "startedOn": "Gestart op", "stillLearning": "Leert nog", "stoppedOn": "Gestopt op",
    "trajectoryId": "Traject (nummer)", "why": "Waarom", "decision": "Besluit", "decidedBy": "Besloten door",
    "goals": "Leerdoelen", "note": "Notitie", "report": "Verslag",
}  # fmt: skip
"""Every member of the answer and every fact and word of an event, in the words of the letter."""

LISTS: Mapping[str, str] = {
    "preferredChannel": "channel", "languageBackground": "languageBackground", "gender": "gender", "method": "method",
    "dataScope": "dataScope", "told": "told", "declarationForm": "declarationForm", "legalBasis": "legalBasis",
    "skills": "skills", "sourceKind": "organisationKind", "ageBand": "ageBand", "municipalityCode": "municipalityCode",
    "employment": "employment", "sector": "sector", "waiver": "conversationWaiver", "overrideReason": "overrideReason",
    "reason": "reason", "waitlistKind": "waitlistKind", "holdReason": "reason", "barriers": "barriers",
    "instrument": "instrument", "indication": "indication", "educationLevel": "educationLevel",
    "raisesChildren": "raisesChildren",
    "occupationCode": "occupationCode", "foundAt": "foundAt", "certificate": "certificate", "channel": "channel",
    "exception": "reason", "mode": "mode", "why": "reason", "results": "result",
}  # fmt: skip
"""The code list of a member that holds codes."""

END_REASONS: Mapping[str, str] = {
    "replaced": "Vervangen door een andere afspraak",
    WITHDRAWN: "De instemming is ingetrokken",
    OBJECTED: "Het bezwaar is toegewezen",
    ERASED: "De gegevens zijn gewist",
}
DEEDS: Mapping[str, str] = {
    "agreement:record": "Instemming vastgelegd",
    "agreement:withdraw": "Intrekking vastgelegd",
    "disclosure:list": "Bekeken wie gegevens kreeg",
    "notice:give": "Bericht aan medewerkers",
    "participant:access_answer": "Antwoord op inzage gemaakt",
    "participant:access_request": "Verzoek om inzage vastgelegd",
    "participant:change": "Gegevens verbeterd of aangevuld",
    "participant:erase": "Gegevens gewist",
    "participant:register": "Deelnemer geregistreerd",
    "participant:withdraw_agreement": "Instemming ingetrokken",
    "privacy_request:decide": "Besluit op een verzoek",
    "privacy_request:make": "Verzoek vastgelegd",
    "privacy_request:show": "Verzoek bekeken",
    "referral:change": "Verwijzing gewijzigd",
    "referral:delete_draft": "Concept verwijderd",
    "referral:history": "Geschiedenis van de verwijzing bekeken",
    "referral:show": "Verwijzing bekeken",
    **{f"referral:{event.value}": label for event, label in EVENT_LABELS.items()},
}
_BOOLEANS = {True: "Ja", False: "Nee"}
_DISCUSSED = {"none": "Nog niet", "not_held": "Nee", "held": "Ja"}
_FIXED: Mapping[str, Mapping[str, str]] = {
    "status": {status.value: label for status, label in LABELS.items()},
    "endReason": END_REASONS,
    "discussed": _DISCUSSED,
}


def name_of(member: str) -> str:
    """What a member is called; a new one without a word of its own is shown by its name, never left out."""
    return NAMES.get(member, member)


def fields_in_words(fields: list[str]) -> str:
    """Which members of the person were opened, in words."""
    return ", ".join(name_of(camel_case(field)).lower() for field in fields)


def in_words(member: str, value: Any) -> str:
    """A value as the participant reads it: codes by their label, days written out, nothing as a dash."""
    if value is None or value == "" or value == [] or value == {}:
        return "–"
    if isinstance(value, bool):
        return _BOOLEANS[value]
    if isinstance(value, list):
        return ", ".join(in_words(member, each) for each in value)
    if isinstance(value, dict):
        return "; ".join(f"{_key(member, key)}: {in_words(member, each)}" for key, each in value.items())
    return _labelled(member, str(value))


def day_in_words(value: date | datetime) -> str:
    """A day as 3-11-2026; of an instant the Dutch day and time."""
    if isinstance(value, datetime):
        return f"{value.astimezone(AMSTERDAM):%d-%m-%Y %H:%M}"
    return f"{value:%d-%m-%Y}"


def _key(member: str, key: str) -> str:
    asked = questionnaire()
    return asked[key].label if member == "outcomes" and key in asked else name_of(key)


def _labelled(member: str, text: str) -> str:
    if member == "outcomes":
        return code_lists()["direction"].labels.get(text, text)
    known = _FIXED.get(member) or (code_lists()[LISTS[member]].labels if member in LISTS else {})
    if text in known:
        return known[text]
    return _as_day(text) if member.endswith(("On", "At", "Since")) else text


def _as_day(text: str) -> str:
    try:
        return day_in_words(datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text))
    except ValueError:
        return text
