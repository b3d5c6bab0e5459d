"""Health of the service: alive (this process answers) and ready (database, migrations and keys answer too)."""

from flask import Blueprint, Response

from referral.core.errors import Unavailable
from referral.core.http.doors import answer
from referral.core.migrate import current_is_head
from referral.core.work import Service


def health_pages(service: Service) -> Blueprint:
    """`/health/live` and `/health/ready` of one application. No detail leaves: monitoring reads the log."""
    pages = Blueprint("health", __name__, url_prefix="/health")

    @pages.get("/live")
    def live() -> Response:
        """This process answers."""
        return answer({"status": "live"})

    @pages.get("/ready")
    def ready() -> Response:
        """The database can be read, stands at the newest revision, and the keys open. Raises `Unavailable` (503)."""
        with service.work(read_only=True) as work:
            service.key_ring.fingerprint(work.session, "health", b"ready")
        if not current_is_head(service.engine):
            raise Unavailable("De database moet eerst worden bijgewerkt.")
        return answer({"status": "ready"})

    return pages
