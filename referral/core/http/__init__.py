"""The web door of every area: the only place below the doors that knows Flask."""

from referral.core.http.application import Application, install, leave_trace, refuse
from referral.core.http.doors import (
    ApiBlueprint,
    PageQuery,
    answer,
    concerns,
    current_actor,
    current_work,
    etag,
    expected_version,
    invalid,
    json_body,
    proves_to_be,
)
from referral.core.http.forms import Form, filled, searched, submitted, typed
from referral.core.http.problems import pointer_step
from referral.core.http.questions import Question, ask

__all__ = [
    "ApiBlueprint",
    "Application",
    "Form",
    "PageQuery",
    "Question",
    "answer",
    "ask",
    "concerns",
    "current_actor",
    "current_work",
    "etag",
    "expected_version",
    "filled",
    "install",
    "invalid",
    "json_body",
    "leave_trace",
    "pointer_step",
    "proves_to_be",
    "refuse",
    "searched",
    "submitted",
    "typed",
]
