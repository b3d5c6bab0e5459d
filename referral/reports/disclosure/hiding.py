"""Which figures of a tree are hidden: the small ones, and those that would give one of them away.

The parts of each node add up to it. Whoever knows every shown figure to the last digit knows, of the hidden parts of a
shown node, their sum, and that none is larger than the same figure one column earlier. The hidden parts are widened
until that leaves each of them enough values; what is hidden in one column is hidden in the columns that are part of it.
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
            known = [part for part in self.parts[node] if part in hidden[at] and not self._unknown(hidden, at, part)]
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

    def _unknown(self, hidden: Hidden, column: str, part: Node) -> Sequence[Node]:
        """What is not known of a hidden part: itself, or its own parts that are hidden."""
        return [leaf for leaf in self.parts.get(part, [part]) if leaf in hidden[column]]

    def _is_kept(self, hidden: Hidden, column: str, node: Node, rule: Rule) -> bool:
        """Whether the hidden parts of a shown node, and theirs, keep their secret in every period."""
        groups = {part: self._unknown(hidden, column, part) for part in self.parts[node] if part in hidden[column]}
        leaves = [leaf for group in groups.values() for leaf in group]
        units = [[leaf] for leaf in leaves] + [group for part, group in groups.items() if part in self.parts]
        return all(
            not _is_only_one([self.count(column, leaf)[period] for leaf in leaves], rule)
            and all(self._spare(hidden, column, unit, leaves, period) >= rule.spare for unit in units)
            for period in range(len(self.count(column, node)))
        )

    def _spare(self, hidden: Hidden, column: str, unit: Sequence[Node], leaves: Sequence[Node], period: int) -> float:
        """How far apart the least and the most are that a hidden figure can be, the sum of the leaves being known.

        In each column before this one it is at most what is known of it there, and so are the other leaves together.
        """

        def total(at: str, nodes: Iterable[Node]) -> int:
            return sum(self.count(at, each)[period] for each in nodes)

        everything = total(column, leaves)
        most, others = float(everything), math.inf if len(unit) < len(leaves) else 0
        for before in self._before(hidden, column):
            secret = self._secret(hidden, before, unit)
            taken = total(before, secret)
            others = min(others, total(before, leaves) - total(before, unit) + taken)
            most = min(most, total(before, unit) - taken + total(before, self._sharing(hidden, before, secret)))
        return most - max(0, everything - others)

    def _before(self, hidden: Hidden, column: str) -> Iterator[str]:
        """The columns of which this one is a part, as far as their total is shown."""
        at = self.parents.get(column)
        while at is not None:
            if self.root not in hidden.get(at, ()):
                yield at
            at = self.parents.get(at)

    def _secret(self, hidden: Hidden, column: str, unit: Sequence[Node]) -> Sequence[Node]:
        """What of a figure is not known in this column: a part that is shown there tells the sum of its own parts."""
        above = {self._above.get(leaf) for leaf in unit}
        is_told = len(unit) > 1 and len(above) == 1 and not above <= hidden[column]
        return [] if is_told else [leaf for leaf in unit if leaf in hidden[column]]

    def _sharing(self, hidden: Hidden, column: str, secret: Sequence[Node]) -> set[Node]:
        """The hidden leaves that are known in this column only together with these."""
        found: set[Node] = set()
        for node in {self._shown_above(hidden, column, leaf) for leaf in secret}:
            found.update(
                leaf
                for part in self.parts[node]
                if part in hidden[column]
                for leaf in self._unknown(hidden, column, part)
            )
        return found

    def _shown_above(self, hidden: Hidden, column: str, leaf: Node) -> Node:
        """The nearest shown node of which a leaf is a part."""
        node = self._above[leaf]
        while node in hidden[column]:
            node = self._above[node]
        return node

    @cached_property
    def _above(self) -> Mapping[Node, Node]:
        return {part: node for node, parts in self.parts.items() for part in parts}


def _is_only_one(counts: Sequence[int], rule: Rule) -> bool:
    """Whether somebody who happens to know which figures are zero is left with one small figure."""
    some = [count for count in counts if count]
    return len(some) == 1 and some[0] < rule.hidden_below
