"""Every operation of the service and who may knock: role, scope of a token, and what the door asks for.

An operation that is not in this table is refused (default deny). What an actor may do with one *object* is decided
further in, by the relation to it: `referrals.workflow` per event, `visible_to` per model.
"""

from referral.core.policy import Access, Door, Operations, Role

_REFERRER = frozenset({Role.REFERRER})
_COACH = frozenset({Role.COACH})
_COORDINATOR = frozenset({Role.COORDINATOR})
_PRIVACY = frozenset({Role.PRIVACY_OFFICER})
_ADMIN = frozenset({Role.ADMIN})
_CASE = _REFERRER | _COACH | _COORDINATOR
_ALL = _CASE | _PRIVACY | _ADMIN


def _read(action: str, roles: frozenset[Role], scope: str) -> Access:
    return Access(action, roles, f"{scope}:read")


def _make(action: str, roles: frozenset[Role], scope: str, *, idempotency: str = "optional") -> Access:
    return Access(action, roles, f"{scope}:write", idempotency=idempotency)


def _change(action: str, roles: frozenset[Role], scope: str, *, idempotency: str = "") -> Access:
    return Access(action, roles, f"{scope}:write", versioned=True, idempotency=idempotency)


_PULSE = Access("", door=Door.PUBLIC, unrecorded="asked all the time by machines, and answers yes or no")
_DOCUMENT = Access("", door=Door.PUBLIC, unrecorded="a published document, the same for everybody")
_FORM = Access("session:form", door=Door.PUBLIC, unrecorded="an empty form; what is sent with it is recorded")

OPERATIONS: Operations = {
    # identity
    "identity.show_me": _read("user:show_me", _ALL, "identity"),
    "identity.list_organisations": _read("organisation:list", _ALL, "identity"),
    "identity.list_users": _read("user:list", _CASE | _ADMIN, "identity"),
    "identity.deactivate_user": _make("user:deactivate", _ADMIN, "identity"),
    "sign_in.show": _FORM,
    "sign_in.submit": Access("session:sign_in", door=Door.PUBLIC),
    "sign_in.sign_out": Access("session:sign_out", _ALL, door=Door.PAGE),
    "home.show": Access("home:show", _ALL, door=Door.PAGE),
    # screenings
    "screenings.log_screening": _make("screening:log", _REFERRER, "screenings"),
    "screenings.import_screenings": _make("screening:import", _REFERRER, "screenings"),
    "screenings.list_screenings": _read("screening:list", _CASE, "screenings"),
    "screenings.show_screening": _read("screening:show", _CASE, "screenings"),
    "screenings.log_conversation": _make("conversation:log", _REFERRER, "screenings"),
    # trajectories
    "trajectories.list_trajectories": _read("trajectory:list", _ALL, "trajectories"),
    "trajectories.show_trajectory": _read("trajectory:show", _ALL, "trajectories"),
    "trajectories.add_trajectory": _make("trajectory:add", _COACH | _COORDINATOR | _ADMIN, "trajectories"),
    "trajectories.change_trajectory": _change("trajectory:change", _COACH | _COORDINATOR | _ADMIN, "trajectories"),
    "trajectories.match_trajectories": _read("trajectory:match", _CASE, "trajectories"),
    # participants
    "participants.register_participant": _make("participant:register", _REFERRER, "participants"),
    "participants.show_participant": _read("participant:show", _REFERRER | _COACH | _PRIVACY, "participants"),
    "participants.change_participant": _change("participant:change", _REFERRER, "participants"),
    "participants.search_participants": _read("participant:search", _REFERRER | _PRIVACY, "participants"),
    "rights.withdraw_agreement": _make("participant:withdraw_agreement", _REFERRER | _COACH | _PRIVACY, "participants"),
    "privacy.request_access": _make("participant:access_request", _PRIVACY, "participants"),
    "rights.erase_participant": _make("participant:erase", _PRIVACY, "participants"),
    "privacy.list_disclosures": _read("disclosure:list", _REFERRER | _PRIVACY, "participants"),
    "privacy.request_rectification": _make("privacy_request:make", _PRIVACY, "participants"),
    "privacy.request_restriction": _make("privacy_request:make", _PRIVACY, "participants"),
    "privacy.request_objection": _make("privacy_request:make", _PRIVACY, "participants"),
    "privacy.request_erasure": _make("privacy_request:make", _PRIVACY, "participants"),
    "privacy_requests.list_requests": _read("privacy_request:list", _PRIVACY, "participants"),
    "privacy_requests.show_privacy_request": _read("privacy_request:show", _PRIVACY, "participants"),
    "privacy_requests.show_answer": _read("participant:access_answer", _PRIVACY, "participants"),
    "privacy_requests.decide_request": _change(
        "privacy_request:decide", _PRIVACY, "participants", idempotency="optional"
    ),
    "answers.show": Access("participant:access_answer", _PRIVACY, door=Door.PAGE),
    "answers.download": Access("participant:access_answer", _PRIVACY, door=Door.PAGE),
    # referrals
    "referrals.create_referral": _make("referral:create", _REFERRER, "referrals", idempotency="required"),
    "referrals.list_referrals": _read("referral:list", _CASE, "referrals"),
    "referrals.show_one": _read("referral:show", _CASE, "referrals"),
    "referrals.change_referral": _change("referral:change", _REFERRER | _COORDINATOR, "referrals"),
    "referrals.record_event": _change("referral:event", _CASE, "referrals", idempotency="required"),
    "referrals.list_history": _read("referral:history", _CASE, "referrals"),
    "workflow.show_workflow": _read("workflow:show", _ALL, "referrals"),
    "workflow.show_diagram": _read("workflow:diagram", _ALL, "referrals"),
    # webhooks
    "webhooks.list_webhooks": _read("webhook:list", _ADMIN, "webhooks"),
    "webhooks.add_webhook": _make("webhook:add", _ADMIN, "webhooks"),
    "webhooks.show_webhook": _read("webhook:show", _ADMIN, "webhooks"),
    "webhooks.remove_webhook": Access("webhook:remove", _ADMIN, "webhooks:write"),
    "webhooks.renew_secret": _make("webhook:renew_secret", _ADMIN, "webhooks"),
    "webhooks.resume_webhook": _make("webhook:resume", _ADMIN, "webhooks"),
    # reports and logs
    "reports.show_funnel": _read("report:funnel", _COORDINATOR, "reports"),
    "reports.show_national_statistics": _read("report:national_statistics", _COORDINATOR, "reports"),
    "feed.list_events": _read("event:list", _CASE, "referrals"),
    "audit.list_entries": _read("audit:list", _PRIVACY, "audit"),
    # accountability
    "accountability.list_processing_records": _read("processing_record:list", _PRIVACY, "audit"),
    "accountability.list_access_of_participant": _read("participant:access_log", _PRIVACY, "audit"),
    "accountability.list_access_of_referral": _read("referral:access_log", _COORDINATOR | _PRIVACY, "audit"),
    "accountability.find_affected": _read("audit:affected", _PRIVACY, "audit"),
    # the service itself
    "health.live": _PULSE,
    "health.ready": _PULSE,
    "docs.show": _DOCUMENT,
    "docs.start": _DOCUMENT,
    "docs.asset": _DOCUMENT,
    "docs.openapi": _DOCUMENT,
    "static": _DOCUMENT,
}
