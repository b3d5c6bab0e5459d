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
_EMPTY = "an empty form; what is sent with it is recorded"
_FORM = Access("session:form", door=Door.PUBLIC, unrecorded=_EMPTY)
_CODE_FORM = Access("session:code_form", door=Door.PUBLIC, unrecorded=_EMPTY)
_APP_FORM = Access("second_factor:form", door=Door.PUBLIC, unrecorded=_EMPTY)


def _page(action: str, roles: frozenset[Role]) -> Access:
    return Access(action, roles, door=Door.PAGE)


def _form(action: str, roles: frozenset[Role]) -> Access:
    """A form with a key in it, so that sending it twice does nothing twice."""
    return Access(action, roles, door=Door.PAGE, idempotency="optional")


OPERATIONS: Operations = {
    # identity
    "identity.show_me": _read("user:show_me", _ALL, "identity"),
    "identity.list_organisations": _read("organisation:list", _ALL, "identity"),
    "identity.change_organisation": _change("organisation:change", _ADMIN, "identity"),
    "identity.list_users": _read("user:list", _CASE | _ADMIN, "identity"),
    "identity.deactivate_user": _make("user:deactivate", _ADMIN, "identity"),
    "identity.show_terms": _read("region:show_terms", _ADMIN, "identity"),
    "identity.change_term": _change("region:tune_term", _ADMIN, "identity"),
    "identity.change_limits": _change("region:tune_limits", _ADMIN, "identity"),
    "codes.list_retired": _read("organisation:list_retired_codes", _ADMIN, "identity"),
    "codes.retire_code": _make("organisation:retire_code", _ADMIN, "identity"),
    "codes.remove_retirement": Access("organisation:offer_code", _ADMIN, "identity:write"),
    "identity.remove_role": Access("user:remove_role", _ADMIN, "identity:write"),
    "sign_in.show": _FORM,
    "sign_in.show_code": _CODE_FORM,
    "sign_in.submit_code": Access("session:give_code", door=Door.PUBLIC),
    "sign_in.submit": Access("session:sign_in", door=Door.PUBLIC),
    "sign_in.sign_out": Access("session:sign_out", _ALL, door=Door.PAGE),
    "home.show": _page("home:show", _ALL),
    "welcome.show": Access("invitation:show", door=Door.PUBLIC),
    "welcome.accept": Access("invitation:accept", door=Door.PUBLIC),
    "home.theme": _DOCUMENT,
    "account.show": _page("account:show", _ALL),
    "account.stay": _page("session:stay", _ALL),
    "account.end_session": _page("session:end", _ALL),
    "account.switch": _page("session:switch", _ALL),
    "account.show_app": _APP_FORM,
    "account.submit_app": Access("second_factor:confirm", door=Door.PUBLIC),
    "account.renew_codes": _page("second_factor:renew_codes", _ALL),
    "account.remove": _page("second_factor:remove", _ALL),
    # screenings
    "screenings.log_screening": _make("screening:log", _REFERRER, "screenings"),
    "screenings.import_screenings": _make("screening:import", _REFERRER, "screenings"),
    "screenings.list_screenings": _read("screening:list", _CASE, "screenings"),
    "screenings.show_screening": _read("screening:show", _CASE, "screenings"),
    "screenings.log_conversation": _make("conversation:log", _REFERRER, "screenings"),
    "screening.show_list": _page("screening:list", _CASE),
    "screening.find": _page("screening:find", _CASE),
    "screening.new": _page("screening:form", _REFERRER),
    "screening.log": _form("screening:log", _REFERRER),
    "screening.show": _page("screening:show", _CASE),
    "screening.new_conversation": _page("conversation:form", _REFERRER),
    "screening.log_conversation": _form("conversation:log", _REFERRER),
    # trajectories
    "trajectories.list_trajectories": _read("trajectory:list", _ALL, "trajectories"),
    "trajectories.show_trajectory": _read("trajectory:show", _ALL, "trajectories"),
    "trajectories.add_trajectory": _make("trajectory:add", _COACH | _COORDINATOR | _ADMIN, "trajectories"),
    "trajectories.change_trajectory": _change("trajectory:change", _COACH | _COORDINATOR | _ADMIN, "trajectories"),
    "trajectories.match_trajectories": _read("trajectory:match", _CASE, "trajectories"),
    "catalogue.show_list": _page("trajectory:list", _ALL),
    "catalogue.new": _page("trajectory:form", _COACH | _COORDINATOR | _ADMIN),
    "catalogue.add": _form("trajectory:add", _COACH | _COORDINATOR | _ADMIN),
    "catalogue.show": _page("trajectory:show", _ALL),
    "catalogue.confirm": _form("trajectory:change", _COACH | _COORDINATOR | _ADMIN),
    "catalogue.edit": _page("trajectory:form", _COACH | _COORDINATOR | _ADMIN),
    "catalogue.change": _form("trajectory:change", _COACH | _COORDINATOR | _ADMIN),
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
    "desk.show_list": _page("privacy_request:list", _PRIVACY),
    "desk.show": _page("privacy_request:show", _PRIVACY),
    "desk.decide": _form("privacy_request:decide", _PRIVACY),
    "desk.new": _page("participant:search_form", _PRIVACY),
    "desk.find": _page("participant:search", _PRIVACY),
    "desk.show_person": _page("participant:show", _PRIVACY),
    "desk.new_request": _page("privacy_request:form", _PRIVACY),
    "desk.make": _form("privacy_request:make", _PRIVACY),
    "desk.show_disclosures": _page("disclosure:list", _PRIVACY),
    "desk.new_withdrawal": _page("participant:form", _PRIVACY),
    "desk.withdraw": _form("participant:withdraw_agreement", _PRIVACY),
    "desk.new_erasure": _page("participant:form", _PRIVACY),
    "desk.erase": _form("participant:erase", _PRIVACY),
    "answers.download_data": _page("participant:access_answer", _PRIVACY),
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
    "cases.show": _page("referral:show", _CASE),
    "cases.open_person": _page("participant:show", _REFERRER | _COACH),
    "person.edit": _page("participant:show", _REFERRER),
    "person.change": _form("participant:change", _REFERRER),
    "cases.show_event": _page("referral:event_form", _CASE),
    "cases.record_event": _form("referral:event", _CASE),
    "cases.show_advice": _page("referral:advice_form", _COORDINATOR),
    "cases.pick_trajectory": _form("referral:change", _COORDINATOR),
    "cases.sent": _page("referral:show", _REFERRER),
    "overview.show": _page("referral:list", _CASE),
    "queue.show_queue": _page("referral:queue", _COACH),
    "figures.show": _page("report:dashboard", _COORDINATOR),
    "figures.download": _page("report:funnel", _COORDINATOR),
    "report.show": _page("report:show", _COORDINATOR),
    "report.download": _page("report:export", _COORDINATOR),
    "annual.show": _page("report:annual_texts", _COORDINATOR),
    "annual.edit": _page("report:annual_form", _COORDINATOR),
    "annual.write": _form("report:write_annual", _COORDINATOR),
    "annual.read": _page("report:annual", _COORDINATOR),
    "annual.download": _page("report:annual", _COORDINATOR),
    "making.start": _page("referral_draft:form", _REFERRER),
    "making.begin": _form("referral_draft:begin", _REFERRER),
    "making.resume": _page("referral_draft:show", _REFERRER),
    "making.show_step": _page("referral_draft:show", _REFERRER),
    "making.save_step": _page("referral_draft:save", _REFERRER),
    "making.check": _page("referral_draft:show", _REFERRER),
    "making.send": _page("referral_draft:send", _REFERRER),
    "making.choose_known": _page("referral_draft:save", _REFERRER),
    "making.drop": _page("referral_draft:drop", _REFERRER),
    # reports and logs
    "reports.show_funnel": _read("report:funnel", _COORDINATOR, "reports"),
    "reports.show_national_statistics": _read("report:national_statistics", _COORDINATOR, "reports"),
    "reports.show_annual_report": _read("report:annual", _COORDINATOR, "reports"),
    "reports.write_annual": _make("report:write_annual", _COORDINATOR, "reports"),
    "reports.show_monitor": _read("report:monitor", _COORDINATOR, "reports"),
    "reports.show_reach": _read("report:reach", _COORDINATOR, "reports"),
    "reports.show_coverage": _read("report:coverage", _COORDINATOR, "reports"),
    "reports.show_reference_date": _read("report:reference_date", _COORDINATOR, "reports"),
    "reports.reconcile_count": _read("report:reconcile", _COORDINATOR, "reports"),
    "feed.list_events": _read("event:list", _CASE, "referrals"),
    "audit.list_entries": _read("audit:list", _PRIVACY, "audit"),
    # accountability
    "accountability.list_processing_records": _read("processing_record:list", _PRIVACY, "audit"),
    "accountability.list_access_of_participant": _read("participant:access_log", _PRIVACY, "audit"),
    "accountability.list_access_of_referral": _read("referral:access_log", _COORDINATOR | _PRIVACY, "audit"),
    "accountability.find_affected": _read("audit:affected", _PRIVACY, "audit"),
    "access_log.show": _page("access_log:show", _PRIVACY),
    "access_log.of_case": _page("referral:access_log", _COORDINATOR | _PRIVACY),
    "access_log.of_person": _page("participant:access_log", _PRIVACY),
    "records.show_records": _page("processing_record:list", _PRIVACY),
    "breach.show_breach": _page("audit:affected", _PRIVACY),
    "breach.download": _page("audit:affected", _PRIVACY),
    "audit_log.show": _page("audit:list", _PRIVACY),
    # administration
    "administration.show": _page("user:list", _ADMIN),
    "administration.show_organisations": _page("organisation:list", _ADMIN),
    "administration.new_organisation": _page("organisation:form", _ADMIN),
    "administration.register_organisation": _form("organisation:register", _ADMIN),
    "administration.show_own": _page("organisation:show", _ADMIN),
    "administration.change_own": _form("organisation:change", _ADMIN),
    "administration.show_retention": _page("organisation:retention_form", _ADMIN),
    "administration.check_retention": _page("organisation:weigh_retention", _ADMIN),
    "administration.set_retention": _form("organisation:set_retention", _ADMIN),
    "administration.show_person": _page("user:show", _ADMIN),
    "administration.new_person": _page("user:form", _ADMIN),
    "administration.invite": _form("user:invite", _ADMIN),
    "administration.invite_again": _form("user:invite", _ADMIN),
    "administration.give_role": _form("user:add_role", _ADMIN),
    "administration.remove_role": _form("user:remove_role", _ADMIN),
    "administration.deactivate": _form("user:deactivate", _ADMIN),
    "administration.show_tokens": _page("token:list", _ADMIN),
    "administration.new_token": _page("token:form", _ADMIN),
    "administration.give_token": _form("token:issue", _ADMIN),
    "administration.end_token": _page("token:revoke", _ADMIN),
    "administration.show_webhooks": _page("webhook:list", _ADMIN),
    "administration.add_webhook": _form("webhook:add", _ADMIN),
    "administration.renew_secret": _form("webhook:renew_secret", _ADMIN),
    "administration.resume_webhook": _form("webhook:resume", _ADMIN),
    "administration.remove_webhook": _form("webhook:remove", _ADMIN),
    "administration.show_lists": _page("code_list:list", _ADMIN),
    "administration.show_list": _page("code_list:show", _ADMIN),
    "administration.show_terms": _page("terms:show", _ADMIN),
    "administration.edit_term": _page("region:form", _ADMIN),
    "administration.check_term": _page("region:foresee", _ADMIN),
    "administration.tune_term": _form("region:tune_term", _ADMIN),
    "administration.edit_limits": _page("region:form", _ADMIN),
    "administration.check_limits": _page("region:foresee", _ADMIN),
    "administration.tune_limits": _form("region:tune_limits", _ADMIN),
    "administration.show_code": _page("code_list:foresee", _ADMIN),
    "administration.retire_code": _form("organisation:retire_code", _ADMIN),
    "administration.offer_code": _form("organisation:offer_code", _ADMIN),
    # the service itself
    "health.live": _PULSE,
    "health.ready": _PULSE,
    "docs.show": _DOCUMENT,
    "docs.start": _DOCUMENT,
    "docs.asset": _DOCUMENT,
    "docs.openapi": _DOCUMENT,
    "static": _DOCUMENT,
}

NAVIGATION: tuple[tuple[str, str], ...] = (
    ("home.show", "Mijn werk"),
    ("screening.show_list", "Screenings"),
    ("making.start", "Verwijzing maken"),
    ("queue.show_queue", "Team"),
    ("overview.show", "Verwijzingen"),
    ("figures.show", "Cijfers"),
    ("catalogue.show_list", "Aanbod"),
    ("desk.show_list", "Verzoeken"),
    ("access_log.show", "Wie zag wat"),
    ("audit_log.show", "Auditlog"),
    ("breach.show_breach", "Datalek"),
    ("administration.show", "Beheer"),
)
"""The menu, in this order; everybody sees what the table above lets them open."""
