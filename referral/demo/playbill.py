"""Which scenes are played, how long ago, with whom and about what: the list that a demo is checked against."""

from collections.abc import Callable
from dataclasses import dataclass

from referral.demo.organisations import ADVISER, COACH, EMPLOYER, KLANTMANAGER, Account
from referral.demo.scenes import (
    AT_LOKGANS,
    AT_WILGENROOS,
    COLLEAGUE,
    NEIGHBOUR,
    OTHER_COLLEAGUE,
    TAALHUIS,
    accepted,
    at_intake,
    breaks_through,
    changes_coach,
    comes_alone,
    comes_back,
    comes_from_afar,
    corrects_the_intake,
    did_not_come,
    goes_two_ways,
    got_no_answer,
    handed_over,
    has_a_diploma,
    has_aftercare,
    is_advised,
    is_asked,
    is_decided,
    is_hard_to_reach,
    is_told_no,
    keeps_a_draft,
    learning,
    listed,
    moves_on_twice,
    pauses,
    resumed,
    says_no_after,
    says_no_before,
    sent,
    stopped,
    takes_it_back,
    waited_too_long,
    waits_with_group,
    was_a_double,
)
from referral.demo.steps import Life


@dataclass(frozen=True)
class Scene:
    """One scene: what happens, how many working days ago the last deed was, to which offer, and who is in it."""

    happens: Callable[[Life, int], object]
    ago: int
    offer: str | None
    referrer: Account = KLANTMANAGER
    coach: Account = COACH
    screenings: int = 1
    referrals: int = 1


SCENES = (
    Scene(keeps_a_draft, 2, "lezen-voor-werk"),
    Scene(keeps_a_draft, 13, "taal-en-digitaal"),
    Scene(keeps_a_draft, 4, "digitaal-op-weg", EMPLOYER),
    Scene(keeps_a_draft, 5, "rekenen-praktijk", ADVISER),
    Scene(is_asked, 1, "digitaal-op-weg"),
    Scene(is_asked, 6, "lezen-voor-werk", coach=COLLEAGUE),
    Scene(is_asked, 2, "digitaal-op-weg", ADVISER),
    Scene(is_told_no, 3, "lezen-voor-werk"),
    Scene(is_told_no, 2, "lezen-voor-werk", ADVISER),
    Scene(did_not_come, 4, "digitaal-op-weg"),
    Scene(stopped, 2, "rekenen-praktijk"),
    Scene(sent, 1, "digitaal-op-weg"),
    Scene(sent, 1, "nederlands-werkvloer", EMPLOYER),
    Scene(sent, 2, "lezen-voor-werk", ADVISER),
    Scene(sent, 2, "rekenen-praktijk", TAALHUIS),
    Scene(sent, 5, "digitaal-op-weg", NEIGHBOUR),
    Scene(sent, 12, "taal-en-digitaal"),
    Scene(comes_from_afar, 2, "lezen-voor-werk", NEIGHBOUR),
    Scene(comes_alone, 1, "digitaal-op-weg", TAALHUIS, screenings=0),
    Scene(accepted, 2, "lezen-voor-werk"),
    Scene(accepted, 8, "digitaal-op-weg"),
    Scene(is_hard_to_reach, 1, "rekenen-praktijk", ADVISER),
    Scene(changes_coach, 3, "digitaal-op-weg", coach=COLLEAGUE),
    Scene(handed_over, 4, "digitaal-op-weg", NEIGHBOUR),
    Scene(at_intake, 5, "lezen-voor-werk"),
    Scene(learning, 20, "nederlands-werkvloer", EMPLOYER),
    Scene(learning, 67, "taal-en-digitaal"),
    Scene(pauses, 9, "rekenen-praktijk"),
    Scene(resumed, 4, "digitaal-op-weg", ADVISER, OTHER_COLLEAGUE),
    Scene(has_aftercare, 64, "lezen-voor-werk"),
    Scene(has_a_diploma, 3, "nederlands-1f", coach=AT_LOKGANS),
    Scene(listed, 9, "rekenen-praktijk"),
    Scene(listed, 12, "taal-en-digitaal", ADVISER, COLLEAGUE),
    Scene(waits_with_group, 8, "taal-en-digitaal"),
    Scene(takes_it_back, 5, "taal-en-digitaal", NEIGHBOUR),
    Scene(corrects_the_intake, 2, "digitaal-op-weg", ADVISER, COLLEAGUE),
    Scene(breaks_through, 2, "klik-voor-klik", coach=AT_WILGENROOS),
    Scene(is_decided, 3, "rekenen-praktijk", NEIGHBOUR, COLLEAGUE),
    Scene(waited_too_long, 1, "klik-voor-klik", ADVISER, AT_WILGENROOS),
    Scene(sent, 4, None),
    Scene(sent, 1, None, NEIGHBOUR),
    Scene(is_advised, 6, None, TAALHUIS),
    Scene(goes_two_ways, 3, "lezen-voor-werk", screenings=2, referrals=2),
    Scene(goes_two_ways, 7, "nederlands-1f", NEIGHBOUR, AT_LOKGANS, screenings=2, referrals=2),
    Scene(moves_on_twice, 5, "klik-voor-klik", KLANTMANAGER, AT_WILGENROOS, referrals=3),
    Scene(was_a_double, 9, "digitaal-op-weg"),
    Scene(got_no_answer, 3, "digitale-basis", KLANTMANAGER, AT_LOKGANS),
    Scene(says_no_before, 5, "digitaal-op-weg", ADVISER),
    Scene(says_no_after, 8, "lezen-voor-werk", KLANTMANAGER, COLLEAGUE),
    Scene(comes_back, 6, "lezen-voor-werk", coach=OTHER_COLLEAGUE),
)
"""Everything above, played."""
