"""The questions of accountability: which processings there were, who saw this person, whom a breach touches."""

from referral.accountability.usecases.breach import Affected, AffectedPerson, FindAffected, find_affected
from referral.accountability.usecases.records import ListProcessingRecords, ShownRecord, list_processing_records
from referral.accountability.usecases.seeing import (
    SeenBy,
    find_case,
    find_case_by_reference,
    list_access_of_case,
    list_access_of_participant,
    list_access_of_referral,
)

__all__ = [
    "Affected",
    "AffectedPerson",
    "FindAffected",
    "ListProcessingRecords",
    "SeenBy",
    "ShownRecord",
    "find_affected",
    "find_case",
    "find_case_by_reference",
    "list_access_of_case",
    "list_access_of_participant",
    "list_access_of_referral",
    "list_processing_records",
]
