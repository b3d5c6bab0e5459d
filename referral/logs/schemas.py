"""The Dutch words of the audit log: an action is a kind of thing and what was done with it."""

from collections.abc import Mapping
from typing import Any

from referral.core.codelists import labels
from referral.core.errors import Problem
from referral.core.fields import camel_case
from referral.privacy.schemas.words import fields_in_words, in_words, name_of
from referral.referrals.workflow import EVENT_LABELS

THINGS: Mapping[str, str] = {
    "access_log": "Inzagelog", "account": "Eigen account", "agreement": "Instemming",
    "answer": "Antwoord van de dienst", "audit": "Auditlog",
    "code_list": "Codelijst", "conversation": "Gesprek over de uitslag", "digest": "Dagbericht",
    "disclosure": "Wie gegevens kreeg", "event": "Gebeurtenissen", "home": "Mijn werk",
    "invitation": "Uitnodiging", "keys": "Sleutels",
    "login_session": "Oude sessies", "notice": "Bericht", "organisation": "Organisatie", "participant": "Deelnemer",
    "privacy_request": "Verzoek van een deelnemer", "processing_record": "Verwerkingsregels",
    "referral": "Verwijzing", "referral_draft": "Verwijzing in de maak", "region": "Regio", "report": "Cijfers",
    "screening": "Screening", "second_factor": "App voor aanmelden", "session": "Sessie", "terms": "Termijnen",
    "token": "Token", "trajectory": "Traject", "user": "Medewerker", "webhook": "Webhook", "workflow": "Stappenplan",
}  # fmt: skip
DEEDS: Mapping[str, str] = {
    **{event.value: label.lower() for event, label in EVENT_LABELS.items()},
    "access_answer": "antwoord op inzage gemaakt", "access_log": "inzagelog bekeken",
    "access_request": "verzoek om inzage", "add": "toegevoegd", "add_role": "rol gegeven",
    "advice_form": "formulier voor advies geopend", "affected": "gevraagd wie een datalek raakt",
    "annual": "jaarverslag gemaakt", "annual_form": "formulier voor het jaarverslag geopend",
    "annual_texts": "teksten van het jaarverslag bekeken", "begin": "begonnen",
    "change": "gewijzigd", "code_form": "formulier voor de code geopend", "confirm": "bevestigd",
    "coverage": "dekking bekeken", "dashboard": "cijfers bekeken",
    "deactivate": "account gesloten", "decide": "besluit genomen", "delete_draft": "concept verwijderd",
    "destroy": "vernietigd", "diagram": "bekeken als plaatje", "disable": "uitgezet", "drop": "weggegooid",
    "end": "beëindigd", "erase": "gewist", "event": "stap gezet", "event_form": "formulier van een stap geopend",
    "export": "uitgevoerd", "find": "gezocht", "form": "formulier geopend",
    "freeze": "peildatum vastgelegd", "funnel": "doorstroom bekeken",
    "give": "gegeven", "give_code": "code ingevuld", "history": "geschiedenis bekeken", "import": "ingelezen",
    "invite": "uitgenodigd", "issue": "uitgegeven", "list": "lijst bekeken", "log": "vastgelegd",
    "make": "vastgelegd", "match": "advies gevraagd", "monitor": "monitor bekeken",
    "national_statistics": "landelijke statistiek gemaakt", "offer": "aangeboden", "queue": "wachtrij bekeken",
    "reach": "bereik bekeken", "read": "gegevens bekeken", "reconcile": "eigen telling vergeleken",
    "record": "vastgelegd", "reference_date": "peildatum bekeken", "register": "geregistreerd", "remove": "weggehaald",
    "remove_role": "rol weggenomen",
    "renew_codes": "nieuwe herstelcodes gemaakt", "renew_secret": "geheim vernieuwd",
    "repeat": "nog eens opgehaald", "resume": "hervat",
    "retention_form": "formulier voor een bewaartermijn geopend",
    "revoke": "beëindigd", "rotate": "vernieuwd", "save": "bewaard", "search": "gezocht",
    "search_form": "zoekformulier geopend", "send": "verstuurd", "set_password": "wachtwoord gezet",
    "set_retention": "bewaartermijn gezet", "show": "bekeken", "show_me": "zichzelf bekeken", "sign_in": "aangemeld",
    "foresee": "gevolgen bekeken", "list_retired_codes": "codes die niet worden aangeboden bekeken",
    "offer_code": "code weer aangeboden", "retire_code": "code niet meer aangeboden",
    "show_terms": "termijnen bekeken", "tune_limits": "grenzen gewijzigd", "tune_term": "termijn gewijzigd",
    "sign_out": "afgemeld", "stay": "aangemeld gebleven", "switch": "van organisatie gewisseld",
    "weigh_retention": "gevolg van een bewaartermijn bekeken",
    "withdraw": "ingetrokken", "withdraw_agreement": "instemming ingetrokken",
    "write_annual": "tekst voor het jaarverslag geschreven",
}  # fmt: skip
RESULTS: Mapping[str, str] = {
    "done": "Gelukt",
    "replayed": "Was al gedaan",
    "refused": "Geweigerd",
    **{kind.slug: kind.title for kind in Problem.__subclasses__()},
    **{kind.slug: kind.title for parent in Problem.__subclasses__() for kind in parent.__subclasses__()},
}
VALUES: Mapping[str, Mapping[str, str]] = {
    "ground": labels("ground"),
    "kind": {**labels("requestKind"), **labels("organisationKind")},
    "matched_on": {"phone": "telefoonnummer", "email": "e-mailadres", "client_number": "cliëntnummer"},
    "outcome": labels("decisionOutcome"),
    "purpose": labels("purpose"),
    "role": labels("role"),
}
"""The words of the codes that the log keeps beside a deed, by name."""

DETAILS: Mapping[str, str] = {
    "count": "Aantal", "days": "Dagen", "disclosures": "Aantal ontvangers", "fields": "Gegevens", "found": "Gevonden",
    "key_id": "Sleutel", "matched_on": "Gezocht op", "members": "Gegevens", "period": "Periode",
    "request_id": "Verzoek (nummer)",
    "role": "Rol", "scopes": "Bereik", "since": "Vanaf",
    "code": "Code", "limits": "Grenzen", "list": "Lijst", "steps": "Stappen",
    "term": "Termijn", "until": "Tot", "user_id": "Medewerker (nummer)",
}  # fmt: skip
_LISTED = ("fields", "members")


def action_in_words(action: str) -> str:
    """An action as people read it: "Verwijzing: accepteren"."""
    thing, _, deed = action.partition(":")
    return f"{THINGS.get(thing, thing)}: {DEEDS.get(deed, deed)}"


def details_in_words(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What else the log keeps of a deed, name by name."""
    return [
        (DETAILS.get(name) or name_of(camel_case(name)), _value(name, value))
        for name, value in details.items()
        if value is not None
    ]


def _value(name: str, value: Any) -> str:
    if name in _LISTED:
        return fields_in_words(value)
    return VALUES[name].get(str(value), str(value)) if name in VALUES else in_words(camel_case(name), value)
