"""How often a test tries: the full count for the proof of a release, about a tenth of it on every commit."""

import os


def scaled(n: int) -> int:
    """The count as it was named when `REFERRAL_PROOF=full`, else a tenth of it, and at least one."""
    return n if os.environ.get("REFERRAL_PROOF") == "full" else max(1, n // 10)
