"""How much memory a web process holds after 10,000 requests, against its size at the first one (target: 150 MB)."""

import logging
import os
import resource
import sys
import tempfile
from multiprocessing import get_context
from pathlib import Path

from sizes import sized

from config.settings import load
from referral.app import create_app, create_service
from referral.core.logbook import write_log
from referral.core.migrate import upgrade
from tests.world import Clock, build_world

REQUESTS = sized(10_000, 20)
TARGET_MB = 150


def memory_mb() -> float:
    """The resident memory of this process now, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def migrate_elsewhere(url: str) -> None:
    """In a process of its own, as `referral migrate` is: what that takes (about 20 MB) no web process holds."""
    migration = get_context("fork").Process(target=upgrade, args=(url,))
    migration.start()
    migration.join()
    assert migration.exitcode == 0


def main() -> None:
    write_log(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(f"{folder}/db")
        settings = load(
            {
                "ENVIRONMENT": "test",
                "DATABASE_URL": f"sqlite:///{folder}/db/bench.db",
                "KEY_DIRECTORY": f"{folder}/keys",
                "SECRET_KEY": "een-geheim-voor-de-meting-0123456789",
            }
        )
        migrate_elsewhere(settings.database_url)
        service = create_service(settings)
        service.key_ring.initialise()
        world = build_world(create_app(settings, service=service), Clock())
        world.clock.now = service.clock()
        referrals = [world.refer() for _ in range(sized(50, 2))]
        first = memory_mb()
        for number in range(REQUESTS):
            referral = referrals[number % len(referrals)]
            paths = (
                ("coach", f"/v1/referrals/{referral['id']}"),
                ("coach", f"/v1/participants/{referral['participantId']}?purpose=contact"),
                ("referrer", "/v1/referrals?limit=20"),
                ("referrer", "/v1/trajectories"),
            )
            who, path = paths[number % len(paths)]
            assert world.call(who, "GET", path).status_code == 200
        last = memory_mb()
    verdict = "ok" if last < TARGET_MB else "MISSED"
    print(f"worker memory: first {first:.0f} MB, after {REQUESTS:,} requests {last:.0f} MB")
    print(f"target < {TARGET_MB} MB: {verdict}")
    sys.exit(verdict != "ok")


if __name__ == "__main__":
    main()
