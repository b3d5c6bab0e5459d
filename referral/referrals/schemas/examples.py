"""The examples in the OpenAPI document: one invented case, from aanmelding to warm handover."""

from typing import Any

CREATE_EXAMPLE: dict[str, Any] = {
    "participant": {
        "name": "Joke Voorbeeld",
        "phone": "06 1234 5678",
        "email": None,
        "preferredChannel": "phone",
        "preferredMoment": "dinsdag na tien uur",
        "clientNumber": "K-2041",
        "birthYear": 1985,
        "languageBackground": "nt1",
    },
    "trajectoryId": "0193f0a2-7c1e-7b7e-8a55-3f1f7b1f0a10",
    "skills": ["reading", "digital"],
    "screeningCodes": ["S-7K3Q-9F2M-E"],
    "conversation": {"heldOn": "2026-11-03", "outcome": "agrees"},
    "learningWish": "Ik wil mijn kinderen kunnen voorlezen.",
    "barriers": ["childcare"],
    "legalBasis": "public_task",
    "purpose": "Een passend aanbod vinden",
    "agreement": {
        "givenOn": "2026-11-03",
        "method": "in_person",
        "dataScope": ["contact", "learning_wish", "screening_indication"],
    },
    "submit": True,
}

REFERRAL_EXAMPLE: dict[str, Any] = {
    "id": "0193f0a2-9d44-7c1a-9b7e-52d1c6a3e001",
    "reference": "V-2026-7K3Q9",
    "status": "submitted",
    "statusLabel": "Aangemeld",
    "ballWith": {"party": "receiver", "organisationId": "0193f0a2-7c1e-7b7e-8a55-3f1f7b1f0b20", "userId": None},
    "dueOn": "2026-11-06",
    "allowedEvents": ["withdraw", "record_contact", "escalate", "add_note", "transfer"],
    "milestones": {"createdAt": "2026-11-03T09:12:00Z", "submittedAt": "2026-11-03T09:12:00Z"},
    "source": {"organisationId": "0193f0a2-7c1e-7b7e-8a55-3f1f7b1f0c30", "kind": "municipality"},
    "receiver": {"organisationId": "0193f0a2-7c1e-7b7e-8a55-3f1f7b1f0b20"},
    "participantId": "0193f0a2-9d40-7e12-8f10-1c2b3a4d5e6f",
    "trajectoryId": "0193f0a2-7c1e-7b7e-8a55-3f1f7b1f0a10",
    "skills": ["reading", "digital"],
    "createdAt": "2026-11-03T09:12:00Z",
    "changedAt": "2026-11-03T09:12:00Z",
    "version": 2,
}

EVENT_EXAMPLE: dict[str, Any] = {
    "accept": {"summary": "Accepteren", "value": {"event": "accept"}},
    "confirm_handover": {
        "summary": "Warme overdracht bevestigen",
        "value": {
            "event": "confirm_handover",
            "heldOn": "2026-11-12",
            "mode": "three_way",
            "participantPresent": True,
        },
    },
    "decline": {
        "summary": "Afwijzen met een alternatief",
        "value": {"event": "decline", "reason": "level_too_high", "noAlternative": True},
    },
}

CHANGE_EXAMPLE: dict[str, Any] = {"learningWish": "Ik wil de brieven van school kunnen lezen.", "skills": ["reading"]}

HISTORY_EXAMPLE: dict[str, Any] = {
    "items": [
        {
            "id": "0193f0a2-9d44-7c1a-9b7e-52d1c6a3e002",
            "sequence": 3,
            "event": "confirm_handover",
            "from": "accepted",
            "to": "handed_over",
            "occurredAt": "2026-11-12T14:05:00Z",
            "organisationId": "0193f0a2-7c1e-7b7e-8a55-3f1f7b1f0b20",
            "actorId": "0193f0a2-7c1e-7b7e-8a55-3f1f7b1f0d40",
            "reason": None,
            "undoes": None,
            "facts": {"heldOn": "2026-11-12", "mode": "three_way", "participantPresent": True},
            "words": {"note": "De deelnemer kwam met een buurvrouw."},
        }
    ],
    "next": None,
}

WORKFLOW_EXAMPLE: dict[str, Any] = {
    "statuses": [{"status": "submitted", "label": "Aangemeld", "kind": "open", "ballWith": "receiver"}],
    "events": [
        {
            "event": "accept",
            "label": "Accepteren",
            "from": ["submitted"],
            "to": "accepted",
            "moves": [{"from": "submitted", "to": "accepted"}],
            "roles": ["coach"],
            "grants": [{"role": "coach", "relation": "receiver"}],
            "whileHeld": True,
            "undoable": True,
            "members": [{"name": "coachId", "required": False}],
            "reasons": [],
            "overlay": False,
            "alwaysOpen": False,
        }
    ],
    "reasons": [
        {
            "code": "no_capacity",
            "label": "Geen plaats",
            "party": "provider",
            "events": ["decline", "not_start", "escalate", "transfer"],
            "noteRequired": False,
            "effect": "suggest_alternatives",
            "retired": False,
        }
    ],
    "terms": [{"from": "submitted", "label": "Van aanmelding naar antwoord", "remind": {"workingDays": 3}}],
}

SVG_EXAMPLE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 40"><text x="8" y="24">Aangemeld</text></svg>'
