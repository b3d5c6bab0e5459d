"""Disclosure control: which figure may be shown, and how. One rule for page, API and every file (CBS practice).

`rule` says how a figure is shown, `periods` which periods there are, `hiding` which figures of a tree are hidden, and
`table` puts them together: the figures of one year by one division. `docs/figures.md` has the proof.
"""

from referral.reports.disclosure.hiding import Node
from referral.reports.disclosure.periods import Period, covering
from referral.reports.disclosure.rule import EXACT, SHARED, Rule
from referral.reports.disclosure.table import ROOT, Counts, Division, YearTable

__all__ = ["EXACT", "ROOT", "SHARED", "Counts", "Division", "Node", "Period", "Rule", "YearTable", "covering"]
