"""Renewing the key-encryption key: a new one each time, except to end a renewal that was stopped halfway."""

from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from referral.core.database import new_id
from referral.core.encryption import FileKeys, KeyRing, bind_key_ring


class Stopped(Exception):
    """The operator pressed Ctrl+C."""


def newest_holds_all(ring: KeyRing, session: Session) -> bool:
    """Whether every live key lies under the newest KEK."""
    live = [each.kek_id for each in ring.status(session).wrapping_keys if each.live_keys]
    return set(live) == {ring.provider.current()}


def test_every_renewal_makes_a_kek_and_a_stopped_one_is_ended_first(engine: Engine, tmp_path: Path) -> None:
    ring = KeyRing(engine, FileKeys(tmp_path / "own-keys"))
    ring.initialise()
    with Session(engine) as session:
        bind_key_ring(session, ring)
        ring.add_subjects(session, [new_id() for _ in range(5)])
        session.commit()
        first = ring.provider.current()
        session.rollback()

        def stop(_done: int) -> None:
            raise Stopped

        with pytest.raises(Stopped):
            ring.renew_kek(2, stop)
        second = ring.provider.current()
        assert second != first
        assert not newest_holds_all(ring, session), "control: it really was stopped halfway"
        session.rollback()

        assert ring.renew_kek(2) > 0
        assert ring.provider.current() == second, "the stopped renewal is ended, without a third KEK"
        assert newest_holds_all(ring, session)
        session.rollback()

        ring.renew_kek(2)
        assert ring.provider.current() not in (first, second)
        assert newest_holds_all(ring, session)
        session.rollback()
