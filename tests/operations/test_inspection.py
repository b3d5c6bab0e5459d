"""What an inspector does: take the log out, check it elsewhere with one file, check one entry without the log, and find
by name what somebody with full rights on the database changed."""

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import time_machine
from click.testing import CliRunner, Result
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

import referral.core.audit.verifier as verifier
from referral.cli import main
from referral.core.audit import AuditEntry
from referral.core.audit.models import AuditChain, AuditLeaf
from referral.core.audit.verifier import verify_files
from referral.operations.log_export import export_log, prove_entry
from referral.operations.sealing import seal_log
from referral.operations.verification import verify_record
from tests.operations.test_sealing import findings, notary_of
from tests.tampering import drop_guards
from tests.world import World

SOURCE = Path(str(verifier.__file__))


def alone(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the one file as an auditor does: copied out, from a folder that holds nothing of the service."""
    copy = folder / "verifier.py"
    shutil.copy(SOURCE, copy)
    command = [sys.executable, "-I", str(copy), *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


def lively(world: World) -> None:
    """Several cases, sealed in between, and one entry that waits."""
    for status in ("closed", "declined", "accepted"):
        world.bring_to(status)
        seal_log(world.service)
    world.call("coach", "GET", "/v1/me")


def test_the_verifier_needs_nothing_but_the_standard_library_and_cryptography() -> None:
    tree = ast.parse(SOURCE.read_text())
    imports = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    imports += [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
    roots = {name.partition(".")[0] for name in imports}
    assert roots - set(sys.stdlib_module_names) == {"cryptography"}


def test_an_auditor_checks_the_log_and_one_entry_with_that_file_alone(world: World, tmp_path: Path) -> None:
    lively(world)
    folder, log = tmp_path / "auditor", tmp_path / "auditor" / "log.jsonl"
    folder.mkdir()
    count = export_log(world.service, log)
    published = shutil.copytree(notary_of(world.service).directory, folder / "checkpoints")
    key = ("--key", published / "audit.vkey")
    good = alone(folder, log, "--checkpoints", published, *key)
    assert (good.returncode, good.stdout.splitlines()[-1]) == (0, "in orde"), good.stdout + good.stderr
    assert f"{count - 1} regels verzegeld, 1 wachten nog" in good.stdout

    lines = log.read_text().splitlines()
    record = json.loads(lines[20])
    record["entry"]["actor"] = str(world.users["stranger"])
    log.write_text("\n".join([*lines[:20], json.dumps(record), *lines[21:]]))
    bad = alone(folder, log, "--checkpoints", published, *key)
    assert bad.returncode == 1
    assert f"Regel 20, id {record['entry']['id']}: de inhoud is veranderd" in bad.stdout

    proof = folder / "proof.json"
    entry = json.loads(lines[30])["entry"]
    proved = prove_entry(world.service, UUID(entry["id"]))
    proof.write_text(json.dumps(proved))
    assert "Deze regel stond op 2026-11-03T09:00:00Z" in alone(folder, "--proof", proof, *key).stdout
    proof.write_text(json.dumps({**proved, "entry": {**proved["entry"], "result": "refused"}}))
    assert alone(folder, "--proof", proof, *key).returncode == 1
    log.write_text(lines[0] + "\nkapot\n")
    assert "onleesbaar na regel 1" in alone(folder, log, "--checkpoints", published, *key).stdout


def changes(world: World) -> dict[str, list[Any]]:
    """What somebody may do in the database itself, each with the words by which it is found."""
    entry, leaf, chain = AuditEntry.__table__, AuditLeaf.__table__, AuditChain.__table__
    with world.service.work(read_only=True) as work:
        case = work.session.scalars(select(AuditEntry).where(AuditEntry.action == "referral:accept").limit(1)).one()
        index = work.session.scalar(select(AuditLeaf.log_index).where(AuditLeaf.id == case.id))
    of_case = entry.c.chain_id == case.chain_id
    name = f"Regel {index}, id {case.id}"
    return {
        f"{name}: de inhoud is veranderd": [update(entry).where(entry.c.id == case.id).values(result="refused")],
        f"De inhoud van regel {index} ontbreekt": [delete(entry).where(entry.c.id == case.id)],
        f"Regel {index} ontbreekt": [
            delete(leaf).where(leaf.c.id == case.id),
            delete(entry).where(entry.c.id == case.id),
        ],
        "past niet": [update(leaf).where(leaf.c.id == case.id).values(entry_hash=bytes(32))],
        f"Keten {case.chain_id} eindigt niet": [update(chain).where(chain.c.id == case.chain_id).values(sequence=99)],
        f"Van keten {case.chain_id} ontbreekt": [delete(chain).where(chain.c.id == case.chain_id)],
        "ontbreekt": [
            delete(leaf).where(leaf.c.id.in_(select(entry.c.id).where(of_case))),
            delete(entry).where(of_case),
            delete(chain).where(chain.c.id == case.chain_id),
        ],
        "eindigt niet": [text("DELETE FROM audit_entry WHERE id IN (SELECT id FROM audit_unsealed)")],
        "audit_forgotten": [text("DELETE FROM audit_unsealed")],
    }


def test_what_is_changed_in_the_database_is_found_by_name(world: World) -> None:
    """Each change is undone by rolling it back, so the log is looked at from within the same transaction."""
    lively(world)
    notary = notary_of(world.service)
    assert findings(world.service) == []
    for words, statements in changes(world).items():
        with world.service.engine.connect() as connection, Session(connection) as session:
            drop_guards(connection)
            for statement in statements:
                assert connection.execute(statement).rowcount > 0, words
            found = verify_record(session, now=world.clock.now, notary=notary)
            connection.rollback()
        lines = [finding.text for finding in found.log.findings] + [fault.rule for fault in found.faults]
        assert any(words in line for line in lines), (words, lines)
    assert findings(world.service) == []


def test_the_commands_of_an_operator(world: World, settings_of_command: dict[str, str], tmp_path: Path) -> None:
    lively(world)

    def command(*arguments: str) -> Result:
        with time_machine.travel(world.clock.now, tick=False):
            return CliRunner().invoke(main, ["audit", *arguments], env=settings_of_command)

    good = command("verify")
    assert (good.exit_code, good.stdout.splitlines()[-1]) == (0, "in orde"), good.output
    file = tmp_path / "log.jsonl"
    assert command("export", str(file)).exit_code == 0
    assert "bestaat al" in command("export", str(file)).stderr
    notary = notary_of(world.service)
    assert verify_files(file, notary.directory, notary.public_keys()).findings == []
    entry = json.loads(file.read_text().splitlines()[3])["entry"]["id"]
    assert json.loads(command("prove", entry).stdout)["index"] == 3
    assert command("prove", str(world.users["coach"])).exit_code == 1
    kept = shutil.copytree(notary.directory, tmp_path / "kept")
    assert command("verify", "--checkpoints", str(kept)).exit_code == 0
    [day] = kept.glob("*.checkpoints")
    day.write_text(day.read_text().replace("2026-11-03", "2026-11-02", 1))
    assert "Controlepunt 1 is beschadigd" in command("verify", "--checkpoints", str(kept)).stdout
    world.clock.move(minutes=61)
    late = command("verify")
    assert (late.exit_code, "audit_not_sealed" in late.stdout) == (1, True), "the sealer stands still"
