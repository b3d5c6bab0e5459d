"""How much a proof runs: a tenth on every commit, all of it with REFERRAL_PROOF=full."""

import os


def scaled(count: int) -> int:
    """The count of a full proof, or about a tenth of it."""
    return count if os.environ.get("REFERRAL_PROOF") == "full" else max(1, count // 10)
