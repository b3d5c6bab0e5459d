"""How often a proof is repeated: in full when `REFERRAL_PROOF=full`, else a tenth, so that every commit can run it."""

import os


def scaled(count: int) -> int:
    """The number of repetitions of this run."""
    return count if os.environ.get("REFERRAL_PROOF") == "full" else max(1, count // 10)
