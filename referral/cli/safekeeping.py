"""Commands for what must outlast the machine, and for what must not: backups, restore, keys, erasures."""

from collections.abc import Iterator
from pathlib import Path

import click

from config.settings import load
from referral.cli.installation import notes, opened_service, progress_bar
from referral.cli.rotation import keys, listener, tell_destroyed
from referral.core.work import utc_now
from referral.operations.backup import make_backup
from referral.operations.horizon import advance_horizon
from referral.operations.keycopies import backup_keys, restore_keys
from referral.operations.restore import restore_backup
from referral.operations.verification import Verification
from referral.operations.wrapping import create_identity, read_identity

NEW_FILE = click.Path(path_type=Path, dir_okay=False)
FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
UNKNOWN_LEDGER = (
    "Let op: bij de controlepunten (CHECKPOINT_DIRECTORY) staat niets over het register van wissingen. Of dit het"
    " nieuwste register is, is dus niet nagegaan. Is het ouder, dan staan mensen die daarna gewist zijn er weer in."
)


@click.group("backup-key")
def backup_key() -> None:
    """The key pair for backups."""


@backup_key.command("create")
@click.argument("file", type=NEW_FILE)
def create_backup_key(file: Path) -> None:
    """Write a new identity to FILE and print its public key, for BACKUP_RECIPIENT. Take FILE away from this machine."""
    try:
        click.echo(create_identity(file, utc_now()))
    except FileExistsError:
        raise click.ClickException(f"{file} bestaat al. Een sleutel wordt nooit overschreven.") from None
    notes.print(f"Bewaar {file} op een andere plek, en niet bij de sleutels van de dienst.")


@click.command()
@click.argument("file", type=NEW_FILE)
def backup(file: Path) -> None:
    """Write the database, as it is at this instant, to a new FILE that only the holder of the backup key can open."""
    with opened_service() as service:
        recipient = _demand(load().backup_recipient, "BACKUP_RECIPIENT")
        manifest = make_backup(service, file, recipient=recipient)
    notes.print(f"{sum(manifest.tables.values())} rijen bewaard, revisie {manifest.revision}.")
    notes.print(f"De sleutels zitten er niet in. Bewaar ze apart: {', '.join(manifest.key_ids)}.")


@click.command()
@click.argument("file", type=FILE)
@click.option("--identity", required=True, type=FILE, help="Het bestand van `referral backup-key create`.")
@click.option("--replace", is_flag=True, help="Alleen SQLite: in plaats van de database die er staat.")
@click.option("--accept-faults", is_flag=True, help="Ook als de vastlegging in de reservekopie niet klopt.")
def restore(file: Path, identity: Path, replace: bool, accept_faults: bool) -> None:
    """Check FILE, put it back as the database and erase again who was erased since; stop the service first."""
    with opened_service() as service:
        done = restore_backup(
            service, file, identity=read_identity(identity), replace_old=replace, accept_faults=accept_faults
        )
    notes.print(f"{sum(done.manifest.tables.values())} rijen teruggezet, zoals ze waren op {done.manifest.created_at}.")
    notes.print(f"{done.replay.erased} deelnemers opnieuw gewist; het register gaat tot {done.replay.newest}.")
    if not done.replay.is_newest:
        notes.print(UNKNOWN_LEDGER)
    notes.print(f"Nodig om ze te lezen: de sleutels {', '.join(done.manifest.key_ids)}.")
    for line in told(done.record):
        notes.print(line)


def told(found: Verification) -> Iterator[str]:
    """The counts, and then every fault by its rule and id, or that there is none."""
    yield from (f"{name}: {count}" for name, count in found.counts.items())
    yield from found.log.lines()
    yield from (f"{fault.rule}: {fault.id}" for fault in found.faults)
    if found.is_whole:
        yield "in orde"


@keys.command("backup")
@click.argument("file", type=NEW_FILE)
def keys_backup(file: Path) -> None:
    """Write the key-encryption keys to a new FILE, for KEY_BACKUP_RECIPIENT. Never in one place with the data."""
    with opened_service():
        settings = load()
        recipient = _demand(settings.key_backup_recipient, "KEY_BACKUP_RECIPIENT")
        ids = backup_keys(settings.key_directory, file, recipient=recipient)
    notes.print(f"Bewaard: {', '.join(ids)}. Bewaar dit bestand nooit bij de reservekopieën van de gegevens.")


@keys.command("restore")
@click.argument("file", type=FILE)
@click.option("--identity", required=True, type=FILE, help="De sleutel bij KEY_BACKUP_RECIPIENT.")
def keys_restore(file: Path, identity: Path) -> None:
    """Put back the keys that are missing. What was destroyed on purpose stays destroyed."""
    with opened_service() as service:
        ids = restore_keys(service, load().key_directory, file, identity=read_identity(identity))
    notes.print(f"Teruggezet: {', '.join(ids) or 'niets'}.")


@keys.command("horizon")
def keys_horizon() -> None:
    """Renew the key when somebody was erased, and destroy the keys whose backups have had their term. Run it hourly."""
    with opened_service() as service, progress_bar("Sleutels") as bar:
        done = advance_horizon(service, heard=listener(bar, None))
    for receipt in done.destroyed:
        tell_destroyed(receipt)
    click.echo(f"opnieuw verpakt: {done.rewrapped}, zoekkenmerken vernieuwd: {done.retagged}")
    click.echo(f"reservekopieën onleesbaar: {done.unreadable}")
    click.echo(f"wachtend: {done.waiting}, te laat: {done.overdue}")


def _demand(recipient: str, name: str) -> str:
    if not recipient:
        raise click.ClickException(f"{name} is niet ingesteld. Maak een sleutel met `referral backup-key create`.")
    return recipient
