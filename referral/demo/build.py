"""Building the demo: the story is done deed by deed, each at its own moment, in one transaction."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import func, select

from referral.core.audit import Trace
from referral.core.database import Base
from referral.core.work import Service, Work
from referral.demo.catalogue import fill_catalogue
from referral.demo.diary import Stage
from referral.demo.organisations import ACCOUNTS, register_cast
from referral.demo.story import Story
from referral.identity.models import Organisation, User
from referral.participants.models import Participant
from referral.referrals.models import Referral, ReferralEvent
from referral.screenings.models import Screening
from referral.trajectories.models import Trajectory

COUNTED: dict[str, type[Base]] = {
    "organisations": Organisation,
    "users": User,
    "trajectories": Trajectory,
    "screenings": Screening,
    "participants": Participant,
    "referrals": Referral,
    "events": ReferralEvent,
}
BEFORE = timedelta(days=14)

Progress = Callable[[int, int], object]


def build_demo(
    service: Service, *, progress: Progress = lambda _done, _total: None, scale: float = 1.0
) -> dict[str, int] | None:
    """Fill the database with an invented region of two years old; how much was made, or None when it is there already.

    All or nothing: whoever interrupts it leaves nothing behind. `progress` hears how many deeds of how many are done;
    `scale` is the size of the region, 1.0 for 1,500 screenings and 400 referrals.
    """
    with service.work() as work:
        if work.session.scalar(select(User.id).where(User.email == ACCOUNTS[0].email)):
            return None
        story = Story(work.now, scale)
        stage = _set(work, story)
        for done, beat in enumerate(story.beats, start=1):
            stage.work = _at(beat.at, work)
            beat.deed(stage)
            stage.work.finish()
            progress(done, len(story.beats))
        work.session.flush()
        return {name: work.session.scalar(select(func.count(model.id))) or 0 for name, model in COUNTED.items()}


def _set(work: Work, story: Story) -> Stage:
    """The organisations, the people and the catalogue as they were two weeks before the first day."""
    opening = _at(story.beats[0].at - BEFORE, work)
    cast = register_cast(opening)
    catalogue = fill_catalogue(cast, opening)
    opening.finish()
    return Stage(opening, cast, catalogue)


def _at(moment: datetime, work: Work) -> Work:
    """The same transaction at another instant, under a trace of its own."""
    return Work(work.service, work.session, Trace(id=secrets.token_hex(16), now=moment))
