"""The web factory: wires doors, keys, reactions and database into one application. Nothing imports it but the doors
of the process and the tests; two applications can live in one process."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from werkzeug.middleware.proxy_fix import ProxyFix

from config.settings import Settings
from referral import reactions
from referral.access import NAVIGATION, OPERATIONS
from referral.accountability import api as accountability
from referral.accountability import pages as access_pages
from referral.administration import pages as administration
from referral.core import http
from referral.core.audit.notary import Notary
from referral.core.database import connect
from referral.core.encryption import KeyRing, check_key_directory, open_provider
from referral.core.http.documents import publish
from referral.core.http.health import health_pages
from referral.core.ledger import ErasureLedger
from referral.core.policy import Door
from referral.core.work import Service, utc_now
from referral.feed import api as feed
from referral.home import pages as home
from referral.identity import api as identity
from referral.identity import pages as sign_in
from referral.logs import api as logs
from referral.logs import pages as log_pages
from referral.notifications.mail import mail_sink
from referral.participants import api as participants
from referral.privacy import api as privacy
from referral.privacy import pages as privacy_pages
from referral.referrals import api as referrals
from referral.referrals import pages as referral_pages
from referral.referrals.retention import check_retention
from referral.reports import api as reports
from referral.reports import pages as report_pages
from referral.screenings import api as screenings
from referral.screenings import pages as screening_pages
from referral.trajectories import api as trajectories
from referral.trajectories import pages as catalogue
from referral.webhooks import api as webhooks
from referral.webhooks.addresses import AddressRules
from referral.webhooks.sending import WebhookSender
from referral.webhooks.usecases import SENDER

JSON_DOORS = (
    identity.api,
    screenings.api,
    trajectories.api,
    participants.api,
    participants.rights,
    privacy.api,
    privacy.requests,
    referrals.api,
    referrals.codes,
    referrals.workflow,
    webhooks.api,
    reports.api,
    feed.api,
    logs.api,
    accountability.api,
)
PAGE_DOORS = (
    sign_in.pages,
    sign_in.account,
    sign_in.welcome,
    home.pages,
    screening_pages.pages,
    referral_pages.cases,
    referral_pages.lists,
    referral_pages.queue,
    referral_pages.making,
    report_pages.figures,
    report_pages.whole,
    report_pages.annual,
    referral_pages.person,
    privacy_pages.desk,
    privacy_pages.answers,
    catalogue.pages,
    access_pages.access_log,
    access_pages.records,
    access_pages.breach,
    log_pages.pages,
    administration.administration,
)


def create_service(settings: Settings, *, clock: Callable[[], datetime] = utc_now) -> Service:
    """The service without its doors, for the web, the worker and the command line alike.

    Raises ValueError, naming the setting, when the keys lie beside the data or are readable by others, when the library
    of the provider is not installed, and naming every fault in the table of retention.
    """
    check_retention()
    if settings.keys.provider == "file":
        check_key_directory(settings.key_directory, settings.database_url)
    provider = open_provider(settings.keys.provider, settings.keys.arguments)
    engine = connect(settings.database_url)
    ring = KeyRing(engine, provider)
    return Service(
        engine=engine,
        key_ring=ring,
        now_reactions=reactions.NOW,
        later_reactions=reactions.LATER,
        clock=clock,
        settings={
            **_plain(settings),
            "mail_sink": mail_sink(settings.smtp_url, settings.mail_sink_directory),
            SENDER: WebhookSender(
                AddressRules(frozenset(settings.webhook_ports), settings.webhook_networks),
                ca_file=settings.webhook_ca_file,
            ),
        },
        ledger=ErasureLedger(settings.erasure_ledger_directory),
        notary=Notary(settings.key_directory, settings.checkpoint_directory, _host(settings.public_url)),
    )


def create_app(settings: Settings, *, service: Service | None = None) -> http.Application:
    """The web application for these settings."""
    service = service or create_service(settings)
    app = http.Application("referral", static_folder="static", template_folder="templates")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        COOKIE_SECURE=settings.cookie_secure,
        ALLOWED_ORIGINS=settings.allowed_origins,
        MAX_CONTENT_LENGTH=settings.import_max_bytes,
        MAX_BODY_BYTES=settings.max_body_bytes,
        THEME_DIRECTORY=settings.theme_directory,
    )
    http.install(app, service, OPERATIONS, {Door.API: identity.bearer_actor, Door.PAGE: sign_in.page_actor})
    sign_in.protect_pages(app, JSON_DOORS)
    home.frame_pages(app, NAVIGATION, OPERATIONS, settings.theme_directory)
    for door in PAGE_DOORS:
        app.register_blueprint(door)
    app.register_blueprint(health_pages(service))
    publish(app, JSON_DOORS, settings.public_url)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _host(url: str) -> str:
    """What a new audit log is called."""
    return urlsplit(url).netloc or "referral"


def _plain(settings: Settings) -> dict[str, Any]:
    """What use cases may know of the settings: limits and addresses, no secret."""
    secret = {"secret_key", "database_url", "smtp_url", "keys"}
    return {name: value for name, value in vars(settings).items() if name not in secret and not isinstance(value, Path)}
