"""The art. 30 register as Markdown, with the figures that the DPIA needs, made from the code that it describes."""

from collections.abc import Iterable, Iterator, Mapping

from referral.core.codelists import Activity, legal_bases, processing_register, retention_terms
from referral.core.database import Base
from referral.core.encryption import SealedModel, find_sealed
from referral.core.encryption.cells import SealedTable
from referral.core.policy import Role
from referral.participants.models import Disclosure, Participant, PrivacyDecision, PrivacyRequest
from referral.participants.scopes import PURPOSES
from referral.referrals.models import Referral, ReferralDraft, ReferralEvent

SEALED: tuple[type[SealedModel], ...] = (
    Participant,
    Disclosure,
    PrivacyRequest,
    PrivacyDecision,
    Referral,
    ReferralEvent,
    ReferralDraft,
)
HEAD = """# Register van verwerkingsactiviteiten

Dit is het register van AVG artikel 30 lid 1. Het is gemaakt uit `config/processing-activities.toml` met
`referral report register`; pas dat bestand aan, niet deze bladzijde. Een test houdt de twee gelijk.

De code van een activiteit verandert nooit: elke verwerkingsregel noemt hem.
"""
TERMS = """Welke termijn geldt, volgt uit hoe de zaak eindigde; hij loopt vanaf die dag.
"""
FIGURES = """Geteld in de code. De [DPIA](dpia.md) verwijst hierheen.
"""


def render_register() -> str:
    """The whole register: what holds for all activities, the activities, and the words they use."""
    parts = [HEAD, *_service(), "## Activiteiten\n"]
    parts += [part for activity in processing_register().activities.values() for part in _activity(activity)]
    parts += ["## Soorten gegevens\n", _table("code", "wat", _categories())]
    parts += ["## Bewaartermijnen\n", TERMS, _table("code", "termijn", _terms())]
    parts += ["## Cijfers\n", FIGURES, _table("wat", "aantal", _figures())]
    return "\n".join(parts)


def _figures() -> Mapping[str, str]:
    register = processing_register()
    counts = {
        "Verwerkingsactiviteiten": len(register.activities),
        "Handelingen met een verwerkingsregel": sum(each.activity is not None for each in register.actions.values()),
        "Soorten gegevens": len(register.categories),
        "Versleutelde velden": sum(len(model.__sealed__) for model in SEALED),
        "Daarvan precies te zoeken, met een blinde index": sum(len(table.indexed) for table in _sealed_tables()),
        "Rollen van medewerkers": len(set(Role) - {Role.SYSTEM}),
        "Doelen waarvoor iemand persoonsgegevens mag inzien": len(PURPOSES),
        "Soorten inzage in het inzagelog": len(register.readings),
        "Bewaartermijnen": len(retention_terms()),
    }
    return {name: str(count) for name, count in counts.items()}


def _sealed_tables() -> Iterator[SealedTable]:
    tables = {model.__tablename__ for model in SEALED}
    return (each for each in find_sealed(Base.metadata) if each.table.name in tables)


def _service() -> Iterator[str]:
    service = processing_register().service
    yield "## Voor alle activiteiten\n"
    yield _table(
        "wat",
        "wie of hoe",
        {
            "Verwerkingsverantwoordelijke": service.controller,
            "Gezamenlijk verantwoordelijk": service.joint_controllers,
            "Verwerker": service.processor,
            "Doorgifte buiten de Europese Unie": service.transfers,
            "Beveiliging": _lines(service.security),
        },
    )


def _activity(activity: Activity) -> Iterator[str]:
    register = processing_register()
    data = [register.categories[code].label for code in activity.categories] or [activity.staff_data or ""]
    bases = [f"{legal_bases()[code].label} ({legal_bases()[code].article})" for code in activity.legal_bases]
    yield f"### {activity.name}\n"
    yield _table(
        "wat",
        "inhoud",
        {
            "Code": f"`{activity.uri}`",
            "Doel": activity.purpose,
            "Grondslag": _lines(bases),
            "Betrokkenen": _lines(activity.subjects),
            "Gegevens": _lines(data),
            "Ontvangers": _lines(activity.recipients),
            "Bewaren": _lines([retention_terms()[code].label for code in activity.retention]),
            "Handelingen": _lines([f"`{each}`" for each in (*activity.actions, *activity.overviews, *activity.staff)]),
            "Vastlegging": _trace_of(activity),
        },
    )


def _trace_of(activity: Activity) -> str:
    if activity.staff:
        return "Auditlog"
    persons = "een verwerkingsregel per deelnemer" if activity.actions else ""
    nobody = "een verwerkingsregel zonder betrokkene bij een overzicht" if activity.overviews else ""
    return ", ".join(filter(None, ("Auditlog", persons, nobody)))


def _categories() -> Mapping[str, str]:
    return {f"`{code}`": category.label for code, category in processing_register().categories.items()}


def _terms() -> Mapping[str, str]:
    return {
        f"`{code}`": f"{term.label}: {term.period} (selectielijst {', '.join(term.selection_list)})"
        for code, term in retention_terms().items()
    }


def _lines(texts: Iterable[str]) -> str:
    return "<br>".join(texts)


def _table(left: str, right: str, rows: Mapping[str, str]) -> str:
    lines = [f"| {name} | {value} |" for name, value in rows.items()]
    return "\n".join([f"| {left} | {right} |", "|---|---|", *lines, ""])
