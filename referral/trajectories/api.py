"""The JSON door of the catalogue."""

from typing import Any
from uuid import UUID

from referral.core.http import ApiBlueprint, current_actor, current_work, etag, expected_version
from referral.core.paging import Page
from referral.trajectories import usecases
from referral.trajectories.matching import ADVICE
from referral.trajectories.schemas import (
    AddTrajectorySchema,
    AdviceSchema,
    ChangeTrajectorySchema,
    ProfileSchema,
    TrajectoryPage,
    TrajectoryQuery,
    TrajectorySchema,
)
from referral.trajectories.usecases import (
    AddTrajectory,
    CatalogueEntry,
    ChangeTrajectory,
    ListTrajectories,
    MatchTrajectories,
)

Headers = dict[str, str]

FACTS = {
    "name": "Taal op de werkvloer",
    "description": "U leert beter lezen en schrijven op uw werk. U leert in een kleine groep, een ochtend per week.",
    "template": "A",
    "components": ["basic_skills", "employee_skills"],
    "skills": ["reading", "digital"],
    "levels": ["ve_intake", "1F"],
    "languageBackgrounds": ["nt1"],
    "sectorCodes": ["C", "I"],
    "courseKind": "non_formal_professional",
    "courseType": "language_digital",
    "places": 12,
    "minimumGroupSize": 8,
    "startDates": ["2027-01-11"],
    "municipalityCode": "GM0453",
    "regionId": None,
    "delivery": "on_site",
    "eligibility": {
        "minimumAge": 18,
        "maximumAge": None,
        "regionOnly": True,
        "civicIntegrationAllowed": False,
        "meansAllowed": False,
    },
    "fundingSource": "web",
    "successorId": None,
    "lastCheckedOn": "2026-11-02",
    "active": True,
}
ENTRY = {
    "id": "019a5f3e-7c10-7d42-9a51-3f0c5b7e2d11",
    "provider": {"id": "019a5f3e-7b02-7c11-8d40-2e9b4a6d1c00", "name": "Taalschool De Brug"},
    **FACTS,
    "freePlaces": 5,
    "waiting": 0,
    "nextStartOn": "2027-01-11",
    "needsChecking": False,
    "version": 1,
}
PROFILE = {
    "skills": ["reading"],
    "ageBand": "35-44",
    "municipalityCode": "GM0453",
    "languageBackground": "nt1",
    "employment": "employed",
}
OFFER = {
    "trajectory": ENTRY,
    "eligible": True,
    "score": 85,
    "reasons": [{"code": "same_municipality", "label": "Dit traject is in de eigen gemeente.", "positive": True}],
    "freePlaces": 5,
    "waiting": 0,
    "nextStartOn": "2027-01-11",
    "needsChecking": False,
}

api = ApiBlueprint(
    "trajectories",
    __name__,
    url_prefix="/v1/trajectories",
    description="De catalogus: wat aanbieders te bieden hebben.",
)


@api.route("", methods=["GET"])
@api.arguments(TrajectoryQuery, location="query")
@api.response(200, TrajectoryPage, example={"items": [ENTRY], "next": None})
def list_trajectories(command: ListTrajectories) -> Page[CatalogueEntry]:
    """De catalogus, het nieuwste eerst."""
    return usecases.list_trajectories(command, actor=current_actor(), work=current_work())


@api.route("", methods=["POST"])
@api.arguments(AddTrajectorySchema, example=FACTS)
@api.response(201, TrajectorySchema, example=ENTRY)
def add_trajectory(facts: dict[str, Any]) -> tuple[CatalogueEntry, int, Headers]:
    """Zet een traject in de catalogus."""
    entry = usecases.add_trajectory(AddTrajectory(facts), actor=current_actor(), work=current_work())
    location = {"Location": f"/v1/trajectories/{entry.trajectory.id}"}
    return entry, 201, {**location, **etag(entry.trajectory.version)}


@api.route("/<uuid:trajectory_id>", methods=["GET"])
@api.response(200, TrajectorySchema, example=ENTRY)
def show_trajectory(trajectory_id: UUID) -> tuple[CatalogueEntry, int, Headers]:
    """Een traject uit de catalogus."""
    entry = usecases.show_trajectory(trajectory_id, work=current_work())
    return entry, 200, etag(entry.trajectory.version)


@api.route("/<uuid:trajectory_id>", methods=["PATCH"])
@api.arguments(ChangeTrajectorySchema, example={"places": 14, "lastCheckedOn": "2026-11-20"})
@api.response(200, TrajectorySchema, example={**ENTRY, "places": 14, "freePlaces": 7, "version": 2})
def change_trajectory(facts: dict[str, Any], trajectory_id: UUID) -> tuple[CatalogueEntry, int, Headers]:
    """Wijzig een eigen traject."""
    command = ChangeTrajectory(trajectory_id, expected_version(), facts)
    entry = usecases.change_trajectory(command, actor=current_actor(), work=current_work())
    return entry, 200, etag(entry.trajectory.version)


@api.route("/_match", methods=["POST"])
@api.arguments(ProfileSchema, example=PROFILE)
@api.response(200, AdviceSchema, example={"items": [OFFER], "advice": ADVICE})
def match_trajectories(command: MatchTrajectories) -> dict[str, Any]:
    """Vraag advies: welke trajecten passen bij dit profiel, en waarom. Dit is nooit een besluit."""
    return {"items": usecases.match_trajectories(command, work=current_work()), "advice": ADVICE}
