"""Keys in AWS KMS: one customer managed key an epoch, because a single version of a rotated key cannot be destroyed.

Source: https://docs.aws.amazon.com/kms/latest/APIReference. Credentials come from the machine (boto3's own chain).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from referral.core.encryption.envelope import WrongKey
from referral.core.encryption.forking import watch_forks
from referral.core.encryption.providers.interface import DestroyReceipt, unreachable
from referral.core.errors import KeyMissing

_QUICK = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 2, "mode": "standard"})
_WRONG = {"InvalidCiphertextException", "IncorrectKeyException"}
_GONE = {"NotFoundException", "KMSInvalidStateException", "DisabledException"}
_REMAINS = "Tot die dag kan AWS de vernietiging nog terugdraaien; de sleutel werkt intussen niet."


class AwsKeys:
    """The keys under the aliases `alias/referral-1`, `alias/referral-2`, …; the id of a KEK is `aws:<key id>`.

    `pending_days` is how long AWS keeps a key that is to be destroyed (7 to 30).
    """

    def __init__(self, region: str, alias: str, *, endpoint: str | None = None, pending_days: int = 30) -> None:
        self.alias = f"alias/{alias}-"
        self.pending_days = pending_days
        self._place = {"region_name": region, "endpoint_url": endpoint}
        self.renew_after_fork()
        watch_forks(self)

    def renew_after_fork(self) -> None:
        """A client of this process' own: two processes on one connection would read each other's answers."""
        self._kms = boto3.session.Session().client("kms", config=_QUICK, **self._place)

    def current(self) -> str:
        """The enabled key with the highest number; `KeyMissing` when there is none."""
        with _answering():
            numbers = self._numbers()
            for number in sorted(numbers, reverse=True):
                if self._is_enabled(numbers[number]):
                    return f"aws:{numbers[number]}"
        raise KeyMissing

    def wrap(self, kek_id: str, data: bytes, aad: bytes) -> bytes:
        """KMS' own ciphertext, bound to the place by the encryption context."""
        key = _key_of(kek_id)
        with _answering():
            answer = self._kms.encrypt(KeyId=key, Plaintext=data, EncryptionContext=_context(kek_id, aad))
        return bytes(answer["CiphertextBlob"])

    def unwrap(self, kek_id: str, blob: bytes, aad: bytes) -> bytes:
        """The bytes again; `WrongKey` when another key wrapped them, or for another place.

        Its state is asked first, so that a key on its way out opens nothing, whatever the far end still allows.
        """
        key = _key_of(kek_id)
        with _answering():
            if not self._is_enabled(key):
                raise KeyMissing
            answer = self._kms.decrypt(KeyId=key, CiphertextBlob=blob, EncryptionContext=_context(kek_id, aad))
        return bytes(answer["Plaintext"])

    def create(self) -> str:
        """A new customer managed key, under the next alias."""
        with _answering():
            number = max(self._numbers(), default=0) + 1
            key = self._kms.create_key(Description=f"{self.alias}{number}", KeySpec="SYMMETRIC_DEFAULT")
            key_id = key["KeyMetadata"]["KeyId"]
            self._kms.create_alias(AliasName=f"{self.alias}{number}", TargetKeyId=key_id)
        return f"aws:{key_id}"

    def destroy(self, kek_id: str) -> DestroyReceipt:
        """Schedule the key's deletion; it opens nothing from now on, and is really gone on the day in the receipt."""
        key = _key_of(kek_id)
        with _answering():
            if not self._is_enabled(key):
                raise KeyMissing
            answer = self._kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=self.pending_days)
        gone_at: datetime = answer["DeletionDate"]
        return DestroyReceipt(kek_id, is_certain=True, gone_at=gone_at.astimezone(UTC), remains=_REMAINS)

    def _numbers(self) -> dict[int, str]:
        """The key ids by the number in their alias."""
        pages = self._kms.get_paginator("list_aliases").paginate()
        ours = [each for page in pages for each in page["Aliases"] if each["AliasName"].startswith(self.alias)]
        named = {each["AliasName"].removeprefix(self.alias): each.get("TargetKeyId") for each in ours}
        return {int(number): key_id for number, key_id in named.items() if number.isdecimal() and key_id}

    def _is_enabled(self, key: str) -> bool:
        state: Any = self._kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
        return bool(state == "Enabled")


def _key_of(kek_id: str) -> str:
    provider, _, key = kek_id.partition(":")
    if provider != "aws" or not key:
        raise KeyMissing
    return key


def _context(kek_id: str, aad: bytes) -> dict[str, str]:
    """What CloudTrail shows of a call: the key and the place, no data of anybody."""
    return {"kek": kek_id, "place": aad.hex()}


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _WRONG:
            raise WrongKey from None
        if code in _GONE:
            raise KeyMissing from None
        raise unreachable("aws", error) from None
    except BotoCoreError as error:
        raise unreachable("aws", error) from None
