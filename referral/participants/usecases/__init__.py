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
from referral.participants.usecases.disclosing import assign_disclosure, end_disclosure, open_disclosure
from referral.participants.usecases.erasing import (
    EraseParticipant,
    ErasureReceipt,
    ParticipantErased,
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
from referral.participants.usecases.reading import ParticipantView, read_participant
from referral.participants.usecases.registering import (
    ChangeParticipant,
    RegisterParticipant,
    change_participant,
    offer_or_register,
    register_participant,
)

__all__ = [
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
    "end_disclosure",
    "erase_participant",
    "find_participant",
    "offer_or_register",
    "open_disclosure",
    "own_participant",
    "reachable",
    "read_participant",
    "record_agreement",
    "register_participant",
    "search_participants",
    "withdraw_agreement",
    "withdraw_one_agreement",
]
