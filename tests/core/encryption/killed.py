"""A rotation in a process of its own, that is killed (SIGKILL) before its n-th statement or commit."""

import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, event

from referral.core.database import connect
from referral.core.encryption import FileKeys, KeyRing
from tests.core.encryption.rotating import Clock, rotate


class Counter:
    """Counts what an engine is about to do, and ends the process at a number."""

    def __init__(self, engine: Engine, last: int | None = None) -> None:
        self.seen = 0
        self.last = last
        event.listen(engine, "before_cursor_execute", self.count)
        event.listen(engine, "commit", self.count)

    def count(self, *_: object) -> None:
        self.seen += 1
        if self.seen == self.last:
            os.kill(os.getpid(), signal.SIGKILL)


def main(url: str, directory: str, kind: str, now: str, last: str) -> None:
    engine = connect(url)
    ring, clock = KeyRing(engine, FileKeys(Path(directory))), Clock()
    clock.now = datetime.fromisoformat(now)
    Counter(engine, int(last))
    rotate(ring, kind, clock)


if __name__ == "__main__":
    main(*sys.argv[1:])
