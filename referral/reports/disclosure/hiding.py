"""Which figures of a tree are hidden: the small ones, and those that would give one of them away.

The parts of each node add up to it. Whoever knows every shown figure to the last digit knows, of the hidden parts of a
shown node, their sum, and that none is larger than it is in a column before. The hidden parts are widened until that
leaves each of them enough values; what is hidden in one column is hidden in the columns that are part of it.
A tree has two levels at most: a hidden part may have parts that are shown, as long as enough of it is not.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
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
        """Hide all under a hidden root, and the same nodes in the columns that are part of this one."""
        before = sum(map(len, hidden.values()))
        for column, nodes in hidden.items():
            nodes |= hidden.get(self.parents.get(column, ""), set())
            if self.root in nodes:
                nodes.update(self._nodes())
        return sum(map(len, hidden.values())) > before

    def _widen(self, hidden: Hidden, column: str, rule: Rule) -> bool:
        """Hide one figure more where the hidden ones are given away; whether anything was hidden."""
        for node in self._open(hidden, column):
            if not self._is_kept(hidden, column, node, rule):
                self._hide_next(hidden, column, node)
                return True
        return False

    def _hide_next(self, hidden: Hidden, column: str, node: Node) -> None:
        """The smallest figure that may help, in this column or else in one before it; else the node itself.

        A hidden part of which all parts are shown is no secret, so it comes first; a part with parts comes last.
        """
        at: str | None = column
        while at is not None and at in hidden:
            known = [part for part in self.parts[node] if part in hidden[at] and not self.unknown(hidden, at, part)]
            below = [leaf for part in known or self._wide(hidden, at, node) for leaf in self.parts[part]]
            shown = [part for part in (*below, *(() if known else self.parts[node])) if part not in hidden[at]]
            if shown:
                hidden[at].add(min(shown, key=lambda part: (part in self.parts, sum(self.count(at or column, part)))))
                return
            at = self.parents.get(at)
        hidden[column].add(node)

    def _wide(self, hidden: Hidden, column: str, node: Node) -> list[Node]:
        """The hidden parts of a node that have parts themselves."""
        return [part for part in self.parts[node] if part in hidden[column] and part in self.parts]

    def _is_kept(self, hidden: Hidden, column: str, node: Node, rule: Rule) -> bool:
        """Whether the hidden parts of a shown node, and theirs, keep their secret in every period."""
        groups = {part: self.unknown(hidden, column, part) for part in self.parts[node] if part in hidden[column]}
        leaves = [leaf for group in groups.values() for leaf in group]
        units = [[leaf] for leaf in leaves] + [group for part, group in groups.items() if part in self.parts]
        for period in range(len(self.count(column, node))):
            if _is_only_one([self.count(column, leaf)[period] for leaf in leaves], rule):
                return False
            known = _Known(self, hidden, column, leaves, period)
            if any(known.spare(unit) < rule.spare for unit in units):
                return False
        return True

    def unknown(self, hidden: Hidden, column: str, part: Node) -> Sequence[Node]:
        """What is not known of a hidden part: itself, or its own parts that are hidden."""
        return [leaf for leaf in self.parts.get(part, [part]) if leaf in hidden[column]]

    def shown_above(self, hidden: Hidden, column: str, leaf: Node) -> Node:
        """The nearest shown node of which a leaf is a part."""
        node = self.above[leaf]
        while node in hidden[column]:
            node = self.above[node]
        return node

    @cached_property
    def above(self) -> Mapping[Node, Node]:
        """Of which node each node is a part."""
        return {part: node for node, parts in self.parts.items() for part in parts}


class _Known:
    """What somebody who sees all that is shown knows of these hidden leaves in one period: their sum in each column."""

    def __init__(self, tree: Tree, hidden: Hidden, column: str, leaves: Sequence[Node], period: int) -> None:
        self.tree, self.hidden, self.column, self.leaves, self.period = tree, hidden, column, leaves, period
        self._sums = {at: self._sum(at, leaves) for at in (column, *self._before())}
        self._shared: dict[tuple[str, Node], int] = {}

    def spare(self, unit: Sequence[Node]) -> float:
        """How far apart the least and the most are that these leaves can be together.

        In each column before this one they are at most what is known of them there, and so are the other leaves.
        """
        total = self._sums[self.column]
        most, others = float(total), math.inf if len(unit) < len(self.leaves) else 0
        for before, everything in self._sums.items():
            if before == self.column:
                continue
            secret = self._secret(before, unit)
            taken, own = self._sum(before, secret), self._sum(before, unit)
            others = min(others, everything - own + taken)
            nodes = {self.tree.shown_above(self.hidden, before, leaf) for leaf in secret}
            most = min(most, own - taken + sum(self._shared_under(before, node) for node in nodes))
        return most - max(0, total - others)

    def _sum(self, column: str, nodes: Iterable[Node]) -> int:
        return sum(self.tree.count(column, each)[self.period] for each in nodes)

    def _before(self) -> Iterator[str]:
        """The columns of which this one is a part, as far as their total is shown."""
        at = self.tree.parents.get(self.column)
        while at is not None:
            if self.tree.root not in self.hidden.get(at, ()):
                yield at
            at = self.tree.parents.get(at)

    def _secret(self, column: str, unit: Sequence[Node]) -> Sequence[Node]:
        """What of these leaves is not known in a column: a part that is shown there tells the sum of its own parts."""
        above = {self.tree.above[leaf] for leaf in unit}
        is_told = len(unit) > 1 and len(above) == 1 and not above <= self.hidden[column]
        return [] if is_told else [leaf for leaf in unit if leaf in self.hidden[column]]

    def _shared_under(self, column: str, node: Node) -> int:
        """The sum of all hidden leaves that in this column are known only together: those under one shown node."""
        if (column, node) not in self._shared:
            parts = [part for part in self.tree.parts[node] if part in self.hidden[column]]
            leaves = [leaf for part in parts for leaf in self.tree.unknown(self.hidden, column, part)]
            self._shared[column, node] = self._sum(column, leaves)
        return self._shared[column, node]


def _is_only_one(counts: Sequence[int], rule: Rule) -> bool:
    """Whether somebody who happens to know which figures are zero is left with one small figure."""
    some = [count for count in counts if count]
    return len(some) == 1 and some[0] < rule.hidden_below
