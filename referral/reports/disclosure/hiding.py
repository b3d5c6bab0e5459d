"""Which figures of a tree are hidden: the small ones, and those that would give one of them away.

The parts of each node add up to it. Whoever knows every shown figure to the last digit knows, of the hidden parts of a
shown node, their sum, and that none is larger than the same figure one column earlier. The hidden parts are widened
until that leaves each of them enough values; what is hidden in one column is hidden in the columns that are part of it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from referral.reports.disclosure.rule import Rule

Node: TypeAlias = Any
"""What a figure belongs to: a period, or a value of a division. Anything that can be the key of a dict."""
Values: TypeAlias = Sequence[int]
"""The figures of a node in one column, in each of the periods for which the pattern must hold."""
Hidden: TypeAlias = dict[str, set[Node]]


class Tree:
    """A root, the parts of each node, and their figures per column. `parents`: of which column another is a part."""

    def __init__(
        self,
        root: Node,
        parts: Mapping[Node, Sequence[Node]],
        count: Callable[[str, Node], Values],
        parents: Mapping[str, str],
    ) -> None:
        self.root, self.parts, self.parents = root, parts, parents
        self.count = count

    def hide(self, columns: Sequence[str], rule: Rule, hidden_roots: frozenset[str] = frozenset()) -> Hidden:
        """The hidden nodes by column; in `hidden_roots` the total itself is not shown, and so nothing is."""
        hidden: Hidden = {
            column: {node for node in self._nodes() if min(self.count(column, node)) < rule.hidden_below}
            for column in columns
        }
        for column in hidden_roots:
            hidden[column].add(self.root)
        while self._spread(hidden) or any(self._widen(hidden, column, rule) for column in columns):
            pass
        return hidden

    def is_safe(self, hidden: Hidden, column: str, rule: Rule, count: Callable[[str, Node], Values]) -> bool:
        """Whether the same pattern will do for other periods: nothing shown is small, nothing hidden is given away."""
        shown = [node for node in self._nodes() if node not in hidden[column]]
        if any(min(count(column, node)) < rule.hidden_below for node in shown):
            return False
        other = Tree(self.root, self.parts, count, self.parents)
        return all(other._is_kept(hidden, column, node, rule) for node in other._open(hidden, column))

    def _nodes(self) -> list[Node]:
        return [self.root, *(part for parts in self.parts.values() for part in parts)]

    def _open(self, hidden: Hidden, column: str) -> list[Node]:
        """The shown nodes that have hidden parts."""
        return [
            node
            for node, parts in self.parts.items()
            if node not in hidden[column] and not hidden[column].isdisjoint(parts)
        ]

    def _spread(self, hidden: Hidden) -> bool:
        """Hide the parts of what is hidden, and the same nodes in the columns that are part of this one."""
        before = sum(map(len, hidden.values()))
        for column, nodes in hidden.items():
            nodes |= hidden.get(self.parents.get(column, ""), set())
            for node, parts in self.parts.items():
                if node in nodes:
                    nodes.update(parts)
        return sum(map(len, hidden.values())) > before

    def _widen(self, hidden: Hidden, column: str, rule: Rule) -> bool:
        """Hide one figure more where the hidden ones are given away; whether anything was hidden."""
        for node in self._open(hidden, column):
            if not self._is_kept(hidden, column, node, rule):
                self._hide_next(hidden, column, node)
                return True
        return False

    def _hide_next(self, hidden: Hidden, column: str, node: Node) -> None:
        """The smallest part that is still shown, in this column or else in one before it; else the node itself."""
        at: str | None = column
        while at is not None and at in hidden:
            shown = [part for part in self.parts[node] if part not in hidden[at]]
            if shown:
                hidden[at].add(min(shown, key=lambda part: sum(self.count(at or column, part))))
                return
            at = self.parents.get(at)
        hidden[column].add(node)

    def _is_kept(self, hidden: Hidden, column: str, node: Node, rule: Rule) -> bool:
        """Whether the hidden parts of a shown node keep their secret in every period."""
        parts = [part for part in self.parts[node] if part in hidden[column]]
        periods = range(len(self.count(column, node)))
        return all(self._keeps(hidden, column, parts, period, rule) for period in periods)

    def _keeps(self, hidden: Hidden, column: str, parts: Sequence[Node], period: int, rule: Rule) -> bool:
        counts = [self.count(column, part)[period] for part in parts]
        some = [count for count in counts if count]
        # Who happens to know which ones are zero must not be left with one small figure.
        if len(parts) == 1 or (len(some) == 1 and some[0] < rule.hidden_below):
            return False
        total, limits = sum(counts), [self._limit(hidden, column, part, period) for part in parts]
        room = sum(limits)
        return all(
            min(limit, total) - max(0, total - (room - limit if room < math.inf else math.inf)) >= rule.spare
            for limit in limits
        )

    def _limit(self, hidden: Hidden, column: str, part: Node, period: int) -> float:
        """The most that a hidden figure can be: the nearest shown one of which it is a part."""
        before = self.parents.get(column)
        while before is not None and part in hidden.get(before, ()):
            before = self.parents.get(before)
        return math.inf if before is None else self.count(before, part)[period]
