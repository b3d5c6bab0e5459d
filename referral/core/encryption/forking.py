"""After a fork the child has the parent's locks and sockets, and nobody in it who lets go of them."""

import os
import weakref
from typing import Protocol


class Renewable(Protocol):
    """Something that holds locks or connections."""

    def renew_after_fork(self) -> None:
        """Start a forked child with locks that nobody holds and connections that nobody shares."""
        ...


def watch_forks(held: Renewable) -> None:
    """Call `renew_after_fork` in every child forked from now on, for as long as somebody uses the object."""
    known = weakref.ref(held)

    def renew() -> None:
        if (survivor := known()) is not None:
            survivor.renew_after_fork()

    os.register_at_fork(after_in_child=renew)
