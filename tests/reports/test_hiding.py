"""What a division hides, against somebody who knows every shown figure to the last digit and solves the system."""

import sys
from collections.abc import Iterator, Mapping
from random import Random

import numpy
import pytest
from scipy.optimize import linprog

from referral.reports.disclosure import ROOT, SHARED
from referral.reports.disclosure.hiding import Hidden, Tree
from tests.proof import scaled

TREES = scaled(500)
COLUMNS, PARENTS = ("first", "second", "third"), {"second": "first", "third": "second"}
Parts = dict[str, list[str]]
Counts = Mapping[tuple[str, str], int]


def random_tree(chance: Random) -> tuple[Parts, Counts]:
    """Some regions with some gemeenten each, large, small and empty; each column a part of the one before it."""
    wide = [f"r{number}" for number in range(chance.randint(1, 4))]
    parts: Parts = {
        ROOT: wide,
        **{each: [f"{each}g{number}" for number in range(chance.randint(1, 4))] for each in wide},
    }
    if chance.random() < 0.3:
        parts = {ROOT: [leaf for each in wide for leaf in parts[each]]}
    counts: dict[tuple[str, str], int] = {}
    for leaf in leaves_of(parts, ROOT):
        most = int(chance.choice([0, 3, 12, 40, 120]) * chance.random())
        for column in COLUMNS:
            counts[column, leaf] = most
            most = chance.randint(0, most)
    return parts, counts


def leaves_of(parts: Parts, node: str) -> list[str]:
    return [leaf for part in parts[node] for leaf in leaves_of(parts, part)] if node in parts else [node]


def exact(parts: Parts, counts: Counts, column: str, node: str) -> int:
    return sum(counts[column, leaf] for leaf in leaves_of(parts, node))


def ranges(parts: Parts, counts: Counts, hidden: Hidden) -> Iterator[tuple[str, str, float]]:
    """How far apart the least and the most are that each hidden figure can be."""
    at = {cell: place for place, cell in enumerate(counts)}
    known, sums, above = [], [], []

    def row(column: str, node: str) -> numpy.ndarray:
        line = numpy.zeros(len(at))
        line[[at[column, leaf] for leaf in leaves_of(parts, node)]] = 1
        return line

    nodes = [ROOT, *(part for each in parts.values() for part in each)]
    for column in COLUMNS:
        for node in nodes:
            if node not in hidden[column]:
                known.append(row(column, node))
                sums.append(exact(parts, counts, column, node))
    for after, before in PARENTS.items():
        above += [row(after, leaf) - row(before, leaf) for leaf in leaves_of(parts, ROOT)]
    system = {"A_eq": known or None, "b_eq": sums or None, "A_ub": above, "b_ub": numpy.zeros(len(above))}
    for column, nodes_hidden in hidden.items():
        for node in nodes_hidden:
            line = row(column, node)
            least, most = (linprog(sign * line, **system, bounds=(0, 10_000)) for sign in (1, -1))
            assert least.status == most.status == 0, "what is shown fits the truth"
            yield column, node, -most.fun - least.fun


@pytest.mark.parametrize("spare", [SHARED.spare, 0])
def test_no_hidden_figure_is_narrowed_down_to_less_than_six_values(spare: int) -> None:
    """The wrong build: one that hides the small figures only, and those alone that they take along."""
    chance, given_away, looked_at, shown = Random(2026), [], 0, 0
    for number in range(TREES if spare else TREES // 5):
        parts, counts = random_tree(chance)
        tree = Tree(ROOT, parts, lambda column, node: [exact(parts, counts, column, node)], PARENTS)  # noqa: B023
        hidden = tree.hide(COLUMNS, SHARED) if spare else only_small(tree, parts, counts)
        assert all(
            exact(parts, counts, column, node) >= SHARED.hidden_below
            for column in COLUMNS
            for node in (ROOT, *(part for each in parts.values() for part in each))
            if node not in hidden[column]
        )
        for column, node, room in ranges(parts, counts, hidden):
            looked_at += 1
            if room < SHARED.spare - 1e-6:
                given_away.append((number, column, node, round(room)))
        shown += sum(node not in hidden[column] for column in COLUMNS for each in parts.values() for node in each)
    sys.stdout.write(f"{TREES} trees, {looked_at} hidden figures, {shown} shown, {len(given_away)} given away\n")
    assert bool(given_away) is not bool(spare), given_away[:5]


def only_small(tree: Tree, parts: Parts, counts: Counts) -> Hidden:
    """What is small, and nothing to protect it."""
    nodes = [ROOT, *(part for each in parts.values() for part in each)]
    return {
        column: {node for node in nodes if exact(parts, counts, column, node) < SHARED.hidden_below}
        for column in COLUMNS
    }
