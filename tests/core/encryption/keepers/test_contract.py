"""What every keeper of key-encryption keys does alike: one suite, five keepers."""

import os
import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from referral.core.encryption import KekProvider, KeyRefused, KeyRing, WrongKey, open_reading, wrapping_key
from referral.core.errors import KeyMissing
from tests.core.encryption.keepers.conftest import Keeper
from tests.core.encryption.people import Person, find, register, session_of

RAW, HERE, THERE = bytes(range(32)), b"fv1 wk\0\0\0\0\x01", b"fv1 wk\0\0\0\0\x02"
BOB = {"name": "Bob Oudekerk", "phone": "0687654321"}


def newest(keeper: Keeper, provider: KekProvider) -> str:
    """A key to wrap with; the environment has its own already."""
    return provider.create() if keeper.makes_keys else provider.current()


def other(keeper: Keeper, provider: KekProvider, kek_id: str) -> str:
    return provider.create() if keeper.makes_keys else "e1"


def test_what_was_wrapped_comes_back_in_its_place_and_under_its_key_only(keeper: Keeper) -> None:
    provider = keeper.open()
    kek = newest(keeper, provider)
    stranger = other(keeper, provider, kek)
    blob = provider.wrap(kek, RAW, HERE)
    assert RAW not in blob
    assert provider.unwrap(kek, blob, HERE) == RAW
    assert keeper.open().unwrap(kek, blob, HERE) == RAW, "a new process opens it too"
    for wrong in (lambda: provider.unwrap(kek, blob, THERE), lambda: provider.unwrap(stranger, blob, HERE)):
        with pytest.raises(WrongKey):
            wrong()


def test_a_changed_blob_does_not_open(keeper: Keeper) -> None:
    """Every byte of what is ours to change; the AWS stand-in reads a key id from the front, which it then misses."""
    provider = keeper.open()
    kek = newest(keeper, provider)
    blob = provider.wrap(kek, RAW, HERE)
    positions = range(0, len(blob), 1 if keeper.kind in ("file", "environment") else 7)
    for position in positions:
        changed = blob[:position] + bytes([blob[position] ^ 1]) + blob[position + 1 :]
        with pytest.raises((WrongKey, KeyMissing)):
            provider.unwrap(kek, changed, HERE)
    for short in (b"", blob[:5], blob[:-1]):
        with pytest.raises((WrongKey, KeyMissing)):
            provider.unwrap(kek, short, HERE)
    sys.stdout.write(f"{keeper.kind}: {len(positions)} flips and 3 cuts refused\n")


def test_the_newest_key_is_the_current_one_and_ids_fit_the_table(keeper: Keeper) -> None:
    provider = keeper.open()
    if not keeper.makes_keys:
        assert provider.current() == "e3"
        with pytest.raises(KeyRefused, match="conflict") as refusal:
            provider.create()
        assert "KEY_ENCRYPTION_KEYS" in refusal.value.detail
        return
    with pytest.raises(KeyMissing):
        provider.current()
    made = [provider.create() for _ in range(11)]
    assert provider.current() == keeper.open().current() == made[-1]
    assert len(set(made)) == 11
    assert max(map(len, made)) <= wrapping_key.c.kek_id.type.length


def test_a_destroyed_key_opens_nothing_and_its_id_does_not_come_back(keeper: Keeper) -> None:
    provider = keeper.open()
    if not keeper.makes_keys:
        with pytest.raises(KeyRefused) as refusal:
            provider.destroy("e1")
        assert "KEY_PROVIDER" in refusal.value.detail
        return
    old = provider.create()
    blob = provider.wrap(old, RAW, HERE)
    new = provider.create()
    kept = provider.wrap(new, RAW, HERE)
    receipt = provider.destroy(old)
    assert receipt.kek_id == old
    assert receipt.remains
    assert receipt.gone_at - datetime.now(UTC) < timedelta(days=8 if keeper.kind == "aws" else 0, seconds=1)
    for late in (lambda: provider.unwrap(old, blob, HERE), lambda: provider.destroy(old)):
        with pytest.raises(KeyMissing):
            late()
    assert provider.unwrap(new, kept, HERE) == RAW
    assert provider.current() == new
    assert provider.create() not in (old, new)


def test_an_unknown_id_is_a_missing_key(keeper: Keeper) -> None:
    provider = keeper.open()
    newest(keeper, provider)
    for unknown in (
        "",
        "k99",
        "vault:transit/other#1",
        "vault:transit/referral#x",
        "aws:",
        "aws:no-such-key",
        "referral-9",
    ):
        with pytest.raises(KeyMissing):
            provider.unwrap(unknown, bytes(60), HERE)


def test_out_of_reach_is_an_outage_and_says_nothing_of_why(keeper: Keeper) -> None:
    provider = keeper.open()
    kek = newest(keeper, provider)
    blob, gone = provider.wrap(kek, RAW, HERE), keeper.out_of_reach()
    for call in (gone.current, lambda: gone.wrap(kek, RAW, HERE), lambda: gone.unwrap(kek, blob, HERE)):
        with pytest.raises(KeyMissing) as refusal:
            call()
        assert refusal.value.status == 503
        assert refusal.value.detail == KeyMissing.title


def test_a_forked_child_uses_it_beside_its_parent(keeper: Keeper) -> None:
    """A shared connection or a library that is not started anew would answer the wrong process, or none."""
    provider = keeper.open()
    kek = newest(keeper, provider)
    blob = provider.wrap(kek, RAW, HERE)
    child = os.fork()
    if child == 0:
        os._exit(7 if provider.unwrap(kek, blob, HERE) == RAW else 1)
    assert provider.unwrap(kek, blob, HERE) == RAW
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert provider.unwrap(kek, blob, HERE) == RAW


def test_people_are_sealed_and_read_under_every_keeper(keeper: Keeper, engine: Engine) -> None:
    """Fails closed: once the time to live is over, an unreachable keeper means that nothing opens."""
    ring = KeyRing(engine, keeper.open())
    ring.initialise()
    (bob,) = register(ring, BOB)
    with engine.connect() as connection:
        assert connection.scalars(select(wrapping_key.c.kek_id)).all() == [keeper.open().current()]

    def name(provider: KekProvider, ttl: float) -> str | None:
        own = KeyRing(engine, provider, ttl=ttl)
        with session_of(own) as session, open_reading(session, "test"):
            return find(session, bob).name

    assert name(keeper.open(), 60) == BOB["name"]
    with pytest.raises(KeyMissing):
        name(keeper.out_of_reach(), 60)
    assert Person.name is not None


def test_after_the_time_to_live_nothing_opens_without_the_keeper(keeper: Keeper, engine: Engine) -> None:
    ring = KeyRing(engine, keeper.open(), ttl=0)
    ring.initialise()
    (bob,) = register(ring, BOB)
    with session_of(ring) as session, open_reading(session, "test"):
        assert find(session, bob).name == BOB["name"]
    ring.provider = ring._store.provider = keeper.out_of_reach()
    with session_of(ring) as session, open_reading(session, "test"), pytest.raises(KeyMissing):
        _ = find(session, bob).name
