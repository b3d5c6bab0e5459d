"""What may be shown of a participant: the members by agreed data scope, and who may read for which purpose.

The codes are those of the lists `dataScope` and `purpose`. The learning wish, the barriers and the codes of the
screenings belong to a referral, so those scopes open nothing here.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from referral.core.policy import Role

CONTACT = ("name", "phone", "email", "preferred_channel", "preferred_moment", "contact_person")
BACKGROUND = ("birth_year", "language_background")
OWN_NUMBER = ("client_number",)
STATISTICS = ("gender",)
"""Asked for the national statistics alone, so disclosed to nobody."""

MEMBERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "contact": CONTACT,
        "background": BACKGROUND,
        "screening_indication": (),
        "learning_wish": (),
        "barriers": (),
    }
)
"""The members that a receiver sees by each data scope; the organisation's own number is never among them."""

EVERYTHING = (*CONTACT, *OWN_NUMBER, *BACKGROUND, *STATISTICS)

RIGHTS = "rights"
NATIONAL_STATISTICS = "national_statistics"
"""The purpose of an export that names nobody. It is no purpose for reading one person, so nobody may have it there."""

PURPOSES: Mapping[str, frozenset[Role]] = MappingProxyType(
    {
        "contact": frozenset({Role.REFERRER, Role.COACH}),
        "intake": frozenset({Role.REFERRER, Role.COACH}),
        "guidance": frozenset({Role.REFERRER, Role.COACH}),
        RIGHTS: frozenset({Role.REFERRER, Role.PRIVACY_OFFICER}),
    }
)
"""The purposes of reading (AVG art. 5(1)b) and the roles that may have them; a privacy officer does no case work."""


def members_within(data_scope: Iterable[str]) -> tuple[str, ...]:
    """The members that these scopes open together, in a fixed order."""
    opened = {member for scope in data_scope for member in MEMBERS[scope]}
    return tuple(member for member in EVERYTHING if member in opened)
