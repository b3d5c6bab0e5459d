"""The deeds around a participant, in the order of life: register, find, read, agree, disclose, erase."""

from referral.participants.usecases.agreeing import (
    AgreementWithdrawn,
    WithdrawAgreement,
    Withdrawal,
    agreement_holds,
    record_agreement,
    withdraw_agreement,
    withdraw_one_agreement,
)
from referral.participants.usecases.completing import FINDABLE, complete_erasures
from referral.participants.usecases.disclosing import assign_disclosure, end_disclosure, open_disclosure
from referral.participants.usecases.erasing import (
    EraseParticipant,
    ErasureReceipt,
    ParticipantErased,
    decide_erasure,
    erase_participant,
)
from referral.participants.usecases.finding import (
    Match,
    SearchParticipants,
    find_participant,
    own_participant,
    reachable,
    search_participants,
)
from referral.participants.usecases.keeping import must_be_kept, refuse_if_kept
from referral.participants.usecases.reading import ParticipantView, read_participant
from referral.participants.usecases.registering import (
    ChangeParticipant,
    RegisterParticipant,
    change_participant,
    offer_or_register,
    register_participant,
)

__all__ = [
    "FINDABLE",
    "AgreementWithdrawn",
    "ChangeParticipant",
    "EraseParticipant",
    "ErasureReceipt",
    "Match",
    "ParticipantErased",
    "ParticipantView",
    "RegisterParticipant",
    "SearchParticipants",
    "WithdrawAgreement",
    "Withdrawal",
    "agreement_holds",
    "assign_disclosure",
    "change_participant",
    "complete_erasures",
    "decide_erasure",
    "end_disclosure",
    "erase_participant",
    "find_participant",
    "must_be_kept",
    "offer_or_register",
    "open_disclosure",
    "own_participant",
    "reachable",
    "read_participant",
    "record_agreement",
    "refuse_if_kept",
    "register_participant",
    "search_participants",
    "withdraw_agreement",
    "withdraw_one_agreement",
]
