"""The code lists of the trade, read once from `config/` as frozen tables; a malformed file is refused by file and key.

A record keeps a code and the year of its list (`LIST_YEARS`). Codes are retired, never deleted.
"""

from referral.core.codelists.economy import Occupation, Sector, occupations, sectors
from referral.core.codelists.files import frozen
from referral.core.codelists.instruments import Block, Instrument, instruments
from referral.core.codelists.labels import CodeList, code_lists, labels
from referral.core.codelists.law import LegalBasis, RetentionTerm, legal_bases, parse_period, retention_terms
from referral.core.codelists.places import Municipality, labour_market_regions, municipalities
from referral.core.codelists.questions import Wording, wording
from referral.core.codelists.reasons import Effect, Party, Reason, reasons, reasons_for
from referral.core.codelists.templates import Template, templates
from referral.core.codelists.terms import Limits, Term, Terms, default_terms

LIST_YEARS = frozen((name, code_list.year) for name, code_list in code_lists().items())

__all__ = [
    "LIST_YEARS",
    "Block",
    "CodeList",
    "Effect",
    "Instrument",
    "LegalBasis",
    "Limits",
    "Municipality",
    "Occupation",
    "Party",
    "Reason",
    "RetentionTerm",
    "Sector",
    "Template",
    "Term",
    "Terms",
    "Wording",
    "code_lists",
    "default_terms",
    "instruments",
    "labels",
    "labour_market_regions",
    "legal_bases",
    "municipalities",
    "occupations",
    "parse_period",
    "reasons",
    "reasons_for",
    "retention_terms",
    "sectors",
    "templates",
    "wording",
]
