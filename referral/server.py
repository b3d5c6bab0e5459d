"""The production server: gunicorn, without the `Server` header that it has no setting against."""

import threading
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.http import wsgi

from config.settings import Settings
from referral.app import create_app, create_service
from referral.worker import run_worker

THREADS = 4


class _Response(wsgi.Response):  # type: ignore[misc]
    """Gunicorn names itself in every answer and has no setting against it; this leaves that line out (ASVS 13.4.6)."""

    def default_headers(self) -> list[str]:
        """The headers that gunicorn adds, but its name."""
        return [line for line in super().default_headers() if not line.startswith("Server:")]


class Server(BaseApplication):  # type: ignore[misc]
    """One master and its workers; every worker makes its own application, connections and keys after the fork."""

    def __init__(self, settings: Settings, options: dict[str, Any], *, with_worker: bool) -> None:
        self.settings = settings
        self.options = options
        self.with_worker = with_worker
        super().__init__()

    def load_config(self) -> None:
        """Take over the options."""
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the application of this process; in the demo the background work runs beside it."""
        wsgi.Response = _Response
        service = create_service(self.settings)
        if self.with_worker:
            threading.Thread(
                target=run_worker, args=(service,), kwargs={"stop": threading.Event()}, daemon=True
            ).start()
        return create_app(self.settings, service=service)


def run_server(settings: Settings, *, host: str, port: int, workers: int, with_worker: bool = False) -> None:
    """Serve until told to stop. SQLite wants one worker process: a second writer would only wait."""
    options = {
        "bind": f"{host}:{port}",
        "workers": workers,
        "worker_class": "gthread",
        "threads": THREADS,
        "timeout": 30,
        "graceful_timeout": 30,
        "keepalive": 5,
        "accesslog": None,
        "errorlog": "-",
        "loglevel": "warning",
        "forwarded_allow_ips": "",
        "control_socket_disable": True,
    }
    Server(settings, options, with_worker=with_worker).run()
