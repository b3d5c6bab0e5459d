"""The key directory: closed to others, apart from the data, and no number used twice."""

import stat
from pathlib import Path

import pytest

from referral.core.encryption import FileKeys, WrongKey, check_key_directory
from referral.core.errors import KeyMissing


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_directory_and_keys_are_closed_to_others(keys: FileKeys) -> None:
    keys.create()
    assert (mode(keys.directory), mode(keys.directory / "k1.key")) == (0o700, 0o400)
    assert (keys.directory / "k1.key").stat().st_size == 32


def test_what_was_wrapped_comes_back_in_its_place_only(keys: FileKeys) -> None:
    kek = keys.create()
    blob = keys.wrap(kek, b"raw", b"here")
    assert keys.unwrap(kek, blob, b"here") == b"raw"
    with pytest.raises(WrongKey):
        keys.unwrap(kek, blob, b"there")
    with pytest.raises(WrongKey):
        keys.unwrap(keys.create(), blob, b"here")
    with pytest.raises(WrongKey):
        keys.unwrap(kek, b"short", b"here")


def test_the_newest_key_is_the_current_one(keys: FileKeys) -> None:
    with pytest.raises(KeyMissing):
        keys.current()
    made = [keys.create() for _ in range(11)]
    assert keys.current() == made[-1] == "k11"


def test_a_number_is_never_given_out_again(keys: FileKeys) -> None:
    """What the destroyed key wrapped would seem to belong to the new one."""
    keys.create()
    keys.create()
    keys.destroy("k2")
    assert (keys.current(), keys.create()) == ("k1", "k3")
    with pytest.raises(KeyMissing):
        keys.unwrap("k2", bytes(60), b"")
    with pytest.raises(KeyMissing):
        keys.destroy("k2")


@pytest.mark.parametrize("size", [0, 16])
def test_half_a_key_is_no_key(keys: FileKeys, size: int) -> None:
    (keys.directory / "k1.key").write_bytes(bytes(size))
    with pytest.raises(KeyMissing):
        keys.wrap("k1", b"raw", b"")


def test_keys_apart_from_the_database_are_accepted(keys: FileKeys, tmp_path: Path) -> None:
    keys.create()
    check_key_directory(keys.directory, f"sqlite:///{tmp_path}/db/referral.db")
    check_key_directory(keys.directory, "sqlite:///:memory:")
    check_key_directory(keys.directory, "postgresql://referral@localhost/referral")
    check_key_directory(tmp_path / "not there yet", "sqlite:///:memory:")


@pytest.mark.parametrize(
    "database", ["keys/referral.db", "referral.db", "keys/db/referral.db", "other/../keys/referral.db"]
)
def test_keys_beside_inside_or_around_the_database_are_refused(keys: FileKeys, tmp_path: Path, database: str) -> None:
    with pytest.raises(ValueError, match="KEY_DIRECTORY"):
        check_key_directory(keys.directory, f"sqlite:///{tmp_path}/{database}")


def test_a_link_does_not_hide_where_the_keys_lie(keys: FileKeys, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere"
    link.symlink_to(keys.directory)
    with pytest.raises(ValueError, match="KEY_DIRECTORY"):
        check_key_directory(link, f"sqlite:///{tmp_path}/keys/referral.db")


@pytest.mark.parametrize("others", [0o750, 0o701, 0o777])
def test_a_directory_that_others_may_enter_is_refused(keys: FileKeys, others: int) -> None:
    keys.directory.chmod(others)
    with pytest.raises(ValueError, match="MY_KEYS"):
        check_key_directory(keys.directory, "sqlite:///:memory:", "MY_KEYS")


def test_a_key_that_others_may_read_is_refused(keys: FileKeys) -> None:
    keys.create()
    (keys.directory / "k1.key").chmod(0o440)
    with pytest.raises(ValueError, match="KEY_DIRECTORY"):
        check_key_directory(keys.directory, "sqlite:///:memory:")
