"""Gunicorn for the web door: `gunicorn --config deploy/gunicorn.conf.py wsgi:app`, behind a proxy that does TLS."""

import os

from config.settings import read_database_url

bind = "127.0.0.1:8000"
worker_class = "gthread"
# SQLite has one writer: a second process only adds waiting. PostgreSQL likes a process a core.
workers = 1 if read_database_url().startswith("sqlite") else os.cpu_count() or 1
threads = 4
timeout = 30
graceful_timeout = 30
keepalive = 5

# Every worker makes its own database connections and opens its own keys; neither survives a fork.
preload_app = False

# The number of proxies is a setting of the service (TRUSTED_PROXIES); Gunicorn itself believes nobody.
forwarded_allow_ips = ""
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190

# The service writes its own log, one line a request, without query strings.
accesslog = None
errorlog = "-"
control_socket_disable = True
