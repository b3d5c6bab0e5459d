"""What a page costs beside the same answer as JSON: the list of 50 referrals, in turn, as the median of rounds.

The page also counts what waits (the badge) and looks up names; the target is at most 2.5 times the JSON list.
"""

import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sizes import sized

from config.settings import load
from referral.app import create_app, create_service
from referral.core.logbook import write_log
from referral.core.migrate import upgrade
from tests.pages import Person
from tests.world import Clock, World, build_world

ROWS = sized(50, 3)
ROUNDS = sized(60, 2)
TARGET = 2.5


def made_world(folder: Path) -> World:
    """A region with as many referrals as there are rows on the page."""
    (folder / "db").mkdir()
    settings = load(
        {
            "ENVIRONMENT": "test",
            "DATABASE_URL": f"sqlite:///{folder}/db/bench.db",
            "KEY_DIRECTORY": f"{folder}/keys",
            "SECRET_KEY": "een-geheim-voor-de-meting-0123456789",
            "COOKIE_SECURE": "no",
            "SECOND_FACTOR": "optional",
        }
    )
    service = create_service(settings)
    upgrade(service.engine)
    service.key_ring.initialise()
    world = build_world(create_app(settings, service=service), Clock())
    world.clock.now = service.clock()
    for _ in range(ROWS):
        world.refer()
    return world


def timed(call: Callable[[], object]) -> float:
    """The processor time of one call, in milliseconds."""
    begun = time.process_time()
    call()
    return (time.process_time() - begun) * 1000


def main() -> int:
    write_log(logging.WARNING)
    with tempfile.TemporaryDirectory() as name:
        world = made_world(Path(name))
        person = Person(world, "referrer")
        page, listed = [], []
        for _ in range(ROUNDS):
            page.append(timed(lambda: person.open("/referrals")))
            listed.append(timed(lambda: world.call("referrer", "GET", f"/v1/referrals?limit={ROWS}")))
        assert person.open("/referrals").text.count("<tr>") == ROWS + 1
    ratio = statistics.median(page) / statistics.median(listed)
    print(f"list of {ROWS}: page {statistics.median(page):.1f} ms, JSON {statistics.median(listed):.1f} ms")
    print(f"a page beside its JSON: {ratio:.2f} x (target <= {TARGET})")
    return 0 if ratio <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
