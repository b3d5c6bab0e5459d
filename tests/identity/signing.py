"""Signing in as the invented coach, well or badly, and looking whether a session stands."""

from typing import Any
from uuid import UUID

from referral.core.work import Service
from referral.identity.usecases import (
    SignedIn,
    SignIn,
    authenticate_session,
    sign_in,
)

EMAIL = "coach@voorbeeld.example"


def begin(service: Service, town: Any, email: str = EMAIL, **options: Any) -> SignedIn:
    with service.work() as work:
        signed_in = sign_in(SignIn(email, town.password, **options), work=work)
    assert signed_in is not None
    return signed_in


def attempt(service: Service, email: str, password: str, organisation_id: UUID | None = None) -> SignedIn | None:
    with service.work() as work:
        return sign_in(SignIn(email, password, organisation_id), work=work)


def stands(service: Service, token: str) -> bool:
    with service.work() as work:
        return authenticate_session(work, token, "-") is not None
