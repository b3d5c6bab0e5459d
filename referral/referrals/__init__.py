"""The referral: the case from draft to aftercare. Start with `workflow.py`, the table of its life.

What happens when a trajectbegeleider accepts a referral: `api.record_event` → `schemas.AcceptSchema` →
`usecases.answering.accept_referral` → `guards` → `usecases.moving.taking` → `workflow.STEPS[ACCEPT]`.
"""
