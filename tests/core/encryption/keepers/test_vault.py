"""What only HashiCorp Vault has: releases that know no associated data, a policy, versions that go from old to new."""

import pytest

from referral.core.encryption import KeyRefused, WrongKey, open_provider
from referral.core.errors import KeyMissing
from tests.core.encryption.keepers.transit import TOKEN, Transit

HERE, THERE = b"fv1 wk\0\0\0\0\x01", b"fv1 wk\0\0\0\0\x02"


def test_a_release_that_ignores_associated_data_still_opens_nothing_elsewhere(vault: Transit, vault_url: str) -> None:
    vault.knows_associated_data = False
    provider = open_provider("vault", {"address": vault_url, "key": "referral", "token": TOKEN})
    kek = provider.create()
    blob = provider.wrap(kek, b"raw", HERE)
    assert provider.unwrap(kek, blob, HERE) == b"raw"
    with pytest.raises(WrongKey):
        provider.unwrap(kek, blob, THERE)
    assert vault.answer("POST", "/v1/transit/decrypt/referral", {"ciphertext": blob.decode()}, TOKEN), (
        "control: this release itself opens it anywhere"
    )


def test_versions_go_from_old_to_new_and_the_newest_stays(vault: Transit, vault_url: str) -> None:
    provider = open_provider("vault", {"address": vault_url, "key": "referral", "token": TOKEN})
    first, second, third = (provider.create() for _ in range(3))
    for kek in (third, second):
        with pytest.raises(KeyRefused):
            provider.destroy(kek)
    assert [provider.destroy(kek).kek_id for kek in (first, second)] == [first, second]
    assert vault.keys["referral"]["versions"].keys() == {3}
    assert not any("rewrap" in call for call in vault.calls)


def test_a_token_that_may_not_is_an_outage(vault_url: str) -> None:
    provider = open_provider("vault", {"address": vault_url, "key": "referral", "token": "s.van-een-ander"})
    with pytest.raises(KeyMissing):
        provider.current()
