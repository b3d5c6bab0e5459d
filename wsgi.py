"""The door for a WSGI server: `gunicorn wsgi:app`."""

from config.settings import load
from referral.app import create_app

app = create_app(load())
