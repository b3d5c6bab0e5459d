"""How much a test proves: everything it promises with REFERRAL_PROOF=full, about a tenth of it in the daily run."""

import os


def scaled(count: int) -> int:
    """The number itself in a full proof, else about a tenth of it."""
    return count if os.environ.get("REFERRAL_PROOF") == "full" else max(1, count // 10)
