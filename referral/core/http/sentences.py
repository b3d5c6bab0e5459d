"""What a page says about a refusal where the API's own sentence speaks to programs and names members."""

from collections.abc import Mapping

from referral.core.errors import FieldError, Problem

PAGE_SENTENCES: Mapping[tuple[str, str], str] = {
    ("", "date"): "Dit is geen bestaande datum. Schrijf hem als dag-maand-jaar, bijvoorbeeld 3-11-2026.",
    ("", "time"): "Vul een bestaande dag en tijd in, bijvoorbeeld 3-11-2026 en 14:00.",
    ("", "unknown_code"): "Kies een van de antwoorden.",
    ("", "id"): "Kies een van de antwoorden.",
    ("", "at_least_one"): "Vul minstens een van de velden in.",
    ("keyId", "unknown_code"): "Deze sleutel is hier niet bekend.",
    ("trajectoryId", "one_of"): "Kies een traject, of vraag de regio om advies.",
    ("conversation", "conversation_needed"): "Bespreek de uitslag eerst: de deelnemer moet verder willen. Kan dat "
    "niet, zeg dan waarom er geen gesprek was.",
    ("agreement/dataScope", "contact_missing"): "Zonder contactgegevens kan de ontvanger de deelnemer niet bereiken.",
    ("screeningCodes", "screening_missing"): "Geef de code van een screening van hoogstens 12 maanden oud, of zeg dat "
    "er geen screening is gedaan.",
    ("overrideReason", "not_eligible"): "De deelnemer voldoet niet aan de voorwaarden. Kies een ander traject of zeg "
    "waarom het toch dit traject wordt.",
    ("alternativeTrajectoryId", "one_of"): "Noem een ander traject, of zeg dat er geen is.",
    ("heldOn", "required"): "Vul in wanneer het gesprek was, of kies waarom er geen gesprek was.",
    ("mode", "required"): "Vul in hoe het gesprek was, of kies waarom er geen gesprek was.",
    ("participantPresent", "required"): "Zeg of de deelnemer erbij was, of kies waarom er geen gesprek was.",
    ("participant", "one_of"): "Vul in wie de deelnemer is.",
}
"""What a page says where the API's own sentence names members; by field (empty: any) and code."""

PAGE_DETAILS: Mapping[str, str] = {
    "no_free_place": "Er is geen plaats vrij. Zet de deelnemer op de wachtlijst, of zeg dat u toch accepteert.",
    "attempts_missing": "Niet bereikbaar kan pas na 3 pogingen op 2 manieren, verdeeld over 10 werkdagen. Leg eerst "
    "elke poging vast.",
    "follow_up_missing": "Leg eerst het nazorggesprek vast. Of sluit met de reden dat de deelnemer geen nazorg wil of "
    "niet bereikbaar is.",
}
"""The same for a guard's refusal, by its code."""

PAGE_PROBLEMS: Mapping[str, tuple[str, str]] = {
    "idempotency-conflict": (
        "Dit formulier is al verstuurd",
        "U verstuurde het eerder, met andere antwoorden. Kijk bij de zaak wat er is vastgelegd. Wilt u nog iets "
        "vastleggen? Open dan een nieuw formulier.",
    ),
    "duplicate-participant": (
        "Deze deelnemer staat al geregistreerd",
        "Uw organisatie kent al iemand met dit telefoonnummer of cliëntnummer.",
    ),
}
"""A title and a sentence of its own for refusals that speak to programs, by the slug of the problem."""


def page_sentence(error: FieldError) -> str:
    """What a page says about one wrong field."""
    name = error.pointer.strip("/")
    return PAGE_SENTENCES.get((name, error.code)) or PAGE_SENTENCES.get(("", error.code)) or error.detail


def page_detail(problem: Problem) -> str:
    """What a page says about a refusal without fields."""
    if problem.slug in PAGE_PROBLEMS:
        return PAGE_PROBLEMS[problem.slug][1]
    return PAGE_DETAILS.get(str(problem.members.get("code")), problem.detail)


def page_title(problem: Problem) -> str:
    """The heading of a refusal."""
    return PAGE_PROBLEMS[problem.slug][0] if problem.slug in PAGE_PROBLEMS else problem.title
