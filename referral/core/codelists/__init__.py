"""The code lists of the trade, read once from `config/` as frozen tables; a malformed file is refused by file and key.

A record keeps a code and the year of its list (`LIST_YEARS`). Codes are retired, never deleted.
"""

from referral.core.codelists.activities import (
    Action,
    Activity,
    Category,
    Register,
    actions,
    processing_register,
)
from referral.core.codelists.economy import Occupation, Sector, occupations, sectors
from referral.core.codelists.figures import FigureRules, figure_rules
from referral.core.codelists.files import frozen
from referral.core.codelists.indicators import Indicator, indicators
from referral.core.codelists.instruments import Block, Instrument, instruments
from referral.core.codelists.labels import CodeList, code_lists, labels
from referral.core.codelists.law import (
    LegalBasis,
    RetentionTerm,
    Secrecy,
    legal_bases,
    parse_period,
    retention_records,
    retention_terms,
    secrecy,
)
from referral.core.codelists.places import Municipality, labour_market_regions, municipalities
from referral.core.codelists.questionnaire import Question, questionnaire
from referral.core.codelists.questions import Wording, wording
from referral.core.codelists.reasons import Effect, Party, Reason, reasons, reasons_for
from referral.core.codelists.targets import Targets, targets_of
from referral.core.codelists.templates import Template, templates
from referral.core.codelists.terms import Limits, RightsTerms, Term, Terms, default_terms

LIST_YEARS = frozen((name, code_list.year) for name, code_list in code_lists().items())

__all__ = [
    "LIST_YEARS",
    "Action",
    "Activity",
    "Block",
    "Category",
    "CodeList",
    "Effect",
    "FigureRules",
    "Indicator",
    "Instrument",
    "LegalBasis",
    "Limits",
    "Municipality",
    "Occupation",
    "Party",
    "Question",
    "Reason",
    "Register",
    "RetentionTerm",
    "RightsTerms",
    "Secrecy",
    "Sector",
    "Targets",
    "Template",
    "Term",
    "Terms",
    "Wording",
    "actions",
    "code_lists",
    "default_terms",
    "figure_rules",
    "indicators",
    "instruments",
    "labels",
    "labour_market_regions",
    "legal_bases",
    "municipalities",
    "occupations",
    "parse_period",
    "processing_register",
    "questionnaire",
    "reasons",
    "reasons_for",
    "retention_records",
    "retention_terms",
    "secrecy",
    "sectors",
    "targets_of",
    "templates",
    "wording",
]
