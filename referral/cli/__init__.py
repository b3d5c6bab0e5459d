"""The command line, `referral …`: serve, work, fill a demo, and what an operator does by hand."""

import click

from referral.cli.care import audit, retention
from referral.cli.people import organisation, region, token, user
from referral.cli.rotation import keys
from referral.cli.safekeeping import backup, backup_key, restore
from referral.cli.serving import demo, migrate, serve, worker
from referral.cli.upkeep import import_group, report
from referral.core.logbook import write_log


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Screening en warme doorverwijzing van mensen met weinig basisvaardigheden."""
    write_log()


COMMANDS = (
    *(migrate, serve, worker, demo, region, organisation, user, token),
    *(keys, import_group, report, retention, audit, backup, backup_key, restore),
)

for command in COMMANDS:
    main.add_command(command)
