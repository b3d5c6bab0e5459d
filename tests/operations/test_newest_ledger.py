"""An older copy of the ledger of erasures is told from the newest: outside the ledger it says how far that went."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from pyrage import x25519
from structlog.testing import capture_logs

from config.settings import Settings
from referral.cli import main
from referral.core.audit.notary import LEDGER_FILE
from referral.core.ledger import ErasureLedger, LedgerHead, LedgerProblem
from referral.core.work import Service
from referral.operations.backup import make_backup
from referral.operations.restore import restore_backup
from referral.operations.sealing import seal_log
from tests.operations.test_sealing import notary_of
from tests.world import World

Identity = x25519.Identity


def erase(world: World) -> None:
    path = f"/v1/participants/{world.refer()['participantId']}/erasures"
    assert world.call("privacy", "POST", path, {"ground": "request"}).status_code == 201


@pytest.fixture
def copies(world: World, settings: Settings, tmp_path: Path, recipient: str) -> list[Path]:
    """A backup, and then three erasures; the ledger as it was after each, and the sealer after the last."""
    make_backup(world.service, tmp_path / "backup.age", recipient=recipient)
    kept = []
    for number in range(3):
        erase(world)
        kept.append(tmp_path / f"ledger-{number}")
        shutil.copytree(settings.erasure_ledger_directory, kept[-1])
    seal_log(world.service)
    return kept


def test_only_the_newest_copy_is_taken_for_the_newest(
    world: World, elsewhere: Service, copies: list[Path], tmp_path: Path, identity: Identity
) -> None:
    for older in copies[:2]:
        with pytest.raises(ValueError, match="niet het nieuwste"):
            restore_backup(replace(elsewhere, ledger=ErasureLedger(older)), tmp_path / "backup.age", identity=identity)
    newest = ErasureLedger(copies[2])
    done = restore_backup(replace(elsewhere, ledger=newest), tmp_path / "backup.age", identity=identity)
    assert done.replay.is_newest
    assert notary_of(world.service).published_ledger() == newest.head()


def test_without_what_was_published_an_older_copy_is_taken_with_a_warning(
    elsewhere: Service, copies: list[Path], tmp_path: Path, identity: Identity,
    settings: Settings, settings_of_command: dict[str, str],
) -> None:  # fmt: skip
    """The control, and the honest limit: nobody can know then, and the operator is told so."""
    (settings.checkpoint_directory / LEDGER_FILE).unlink()
    key = tmp_path / "identity.txt"
    key.write_text(f"{identity}\n")
    there = {
        **settings_of_command,
        "DATABASE_URL": elsewhere.engine.url.render_as_string(hide_password=False),
        "ERASURE_LEDGER_DIRECTORY": str(copies[0]),
    }
    told = CliRunner().invoke(main, ["restore", str(tmp_path / "backup.age"), "--identity", str(key)], env=there)
    assert told.exit_code == 0, told.output
    assert "Let op: bij de controlepunten" in told.stderr.replace("\n", " ")


def test_a_ledger_that_went_on_is_newer_than_what_was_published(
    world: World, elsewhere: Service, copies: list[Path], settings: Settings, tmp_path: Path, identity: Identity
) -> None:
    """The sealer comes a second later: what was added since is no reason to refuse."""
    erase(world)
    content = ErasureLedger(settings.erasure_ledger_directory).read()
    published = notary_of(world.service).published_ledger()
    assert published is not None
    assert published.number == len(content.lines) - 1
    assert restore_backup(elsewhere, tmp_path / "backup.age", identity=identity).replay.is_newest


def test_another_ledger_of_the_same_length_is_another(copies: list[Path]) -> None:
    content = ErasureLedger(copies[2]).read()
    count, digest = len(content.lines), content.digests[-1]
    assert content.includes(LedgerHead(count, digest))
    for wrong in (LedgerHead(count + 1, digest), LedgerHead(count, "0" * 64), LedgerHead(0, digest)):
        assert not content.includes(wrong)


def test_a_running_service_with_an_older_ledger_is_noticed_and_publishes_nothing(
    world: World, copies: list[Path]
) -> None:
    before = notary_of(world.service).published_ledger()
    assert before is not None
    with pytest.raises(LedgerProblem, match="ouder"):
        seal_log(replace(world.service, ledger=ErasureLedger(copies[0])))
    assert notary_of(world.service).published_ledger() == before
    erase(world)
    with capture_logs() as lines:
        seal_log(world.service)
        seal_log(world.service)
    assert [line["lines"] for line in lines if line["event"] == "erasure_ledger"] == [before.number + 1]


def test_a_ledger_that_was_begun_anew_never_takes_the_place_of_the_one_that_was_published(
    world: World, copies: list[Path], tmp_path: Path
) -> None:
    """Wrong build: looks at the number of lines only, and a new ledger grows longer than the lost one in the end."""
    before = notary_of(world.service).published_ledger()
    assert before is not None
    anew = ErasureLedger(tmp_path / "anew")
    for number in range(before.number + 3):
        anew.add_backup(str(number), world.clock.now)
        with pytest.raises(LedgerProblem, match="een ander"):
            seal_log(replace(world.service, ledger=anew))
    assert notary_of(world.service).published_ledger() == before
    (notary_of(world.service).directory / LEDGER_FILE).unlink()
    seal_log(replace(world.service, ledger=anew))
    assert notary_of(world.service).published_ledger() == anew.head(), "when the operator says so"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_was_published_and_is_damaged_is_refused(
    elsewhere: Service, copies: list[Path], settings: Settings, tmp_path: Path, identity: Identity
) -> None:
    for wrong in ("", "x", "12", "-3 ab", "2 \xff"):
        (settings.checkpoint_directory / LEDGER_FILE).write_text(wrong)
        with pytest.raises(ValueError, match=r"beschadigd|niet het nieuwste"):
            restore_backup(elsewhere, tmp_path / "backup.age", identity=identity)
