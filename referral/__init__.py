"""Screening and warm referral of people with low basic skills, from first signal to aftercare.

The house, from the roof down. A floor may import what stands below it, never above:

    cli  app                               the doors of the process: commands, the web factory
    demo  worker  operations               a believable region; what happens by itself; backup, retention, verification
    access                                 the table of every operation: which role and which scope may knock
    home  feed  logs                       the start page; what happened; who did what
    administration                         people, tokens and lists, for whoever keeps the service in order
    accountability                         processing records, who saw a person, whom a breach touches, the register
    reactions                              the table "when X has happened, then Y"
    reports  privacy                       figures and rights across areas
    notifications                          reminders, escalations, the daily digest
    referrals                              the case: workflow table, guards, use cases
    screenings                             anonymous screenings and the conversations about them
    trajectories                           the catalogue of what is on offer
    participants                           sealed personal data, agreement, blind index
    identity                               regions, organisations, users, roles, sessions, tokens
    core                                   knows no area

Inside an area the rooms stand in one order, the order in which a request walks:

    api  pages > schemas > usecases > guards > models > the area's table (workflow, terms, instruments, ...)
"""
