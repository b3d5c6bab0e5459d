"""Health of the service: alive (this process answers) and ready (database, migrations, keys and sealer do too)."""

from datetime import timedelta

from flask import Blueprint, Response

from referral.core.audit.sealing import oldest_unsealed
from referral.core.errors import Unavailable
from referral.core.http.doors import answer
from referral.core.migrate import current_is_head
from referral.core.work import Service, Work


def health_pages(service: Service) -> Blueprint:
    """`/health/live` and `/health/ready` of one application. No detail leaves: monitoring reads the log."""
    pages = Blueprint("health", __name__, url_prefix="/health")

    @pages.get("/live")
    def live() -> Response:
        """This process answers."""
        return answer({"status": "live"})

    @pages.get("/ready")
    def ready() -> Response:
        """The database can be read and stands at the newest revision, the keys open, and the audit log is sealed.

        Raises `Unavailable` (503).
        """
        with service.work(read_only=True) as work:
            service.key_ring.fingerprint(work.session, "health", b"ready")
            _check_sealing(work)
        if not current_is_head(service.engine):
            raise Unavailable("De database moet eerst worden bijgewerkt.")
        return answer({"status": "ready"})

    return pages


def _check_sealing(work: Work) -> None:
    """What happened may not wait longer for its seal than the setting allows: until then it can be changed unseen."""
    oldest, settings = oldest_unsealed(work.session), work.service.settings
    if oldest is not None and work.now - oldest > timedelta(minutes=settings["seal_lag_minutes"]):
        raise Unavailable("Het auditlog wordt niet op tijd verzegeld. Draait de worker?")
