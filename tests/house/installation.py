"""An installation of the service in a folder of its own, as somebody has who follows the pages: filled by `demo`."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).parents[2]
PARTS = ("referral", "config", "migrations", "docs", "pyproject.toml", "README.md")
PROGRAMS = {
    ".venv/bin/python3": f'exec {sys.executable} "$@"',
    ".venv/bin/referral": f"exec {sys.executable} -c 'from referral.cli import main; main()' \"$@\"",
    ".venv/own/curl": f'exec {sys.executable} {Path(__file__).with_name("curl.py")} "$@"',
}
LONGEST_RUN = 300
START_SECONDS = 30


@dataclass(frozen=True)
class Installation:
    """A folder with the source, a `.venv/bin` and, once filled, a `var`."""

    root: Path

    @property
    def env(self) -> Mapping[str, str]:
        """An environment that knows nothing of the machine but where its programs are."""
        return {
            "PATH": os.pathsep.join([f"{self.root}/.venv/bin", os.environ.get("PATH", os.defpath), self.own_programs]),
            "PYTHONPATH": str(self.root),
            "HOME": str(self.root),
            "LANG": "C.UTF-8",
        }

    @property
    def own_programs(self) -> str:
        """Where our stand-in for curl is, which is used when the machine has none."""
        return f"{self.root}/.venv/own"

    def shell(self, script: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a script in the folder; it ends at the first command that fails."""
        return subprocess.run(
            ["sh", "-eu"],
            input=script,
            cwd=self.root,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            timeout=LONGEST_RUN,
        )

    @contextmanager
    def serving(self) -> Iterator[str]:
        """The address of the production server, up for as long as the block lasts."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [str(self.root / ".venv" / "bin" / "referral"), "serve", "--port", str(port)]
        with subprocess.Popen(command, cwd=self.root, env=self.env, stdout=subprocess.DEVNULL) as server:
            try:
                _await_ready(f"http://127.0.0.1:{port}", server)
                yield f"http://127.0.0.1:{port}"
            finally:
                server.terminate()

    def copy(self, root: Path) -> "Installation":
        """The same, in another folder."""
        shutil.copytree(self.root, root)
        return Installation(root)


def install(root: Path) -> Installation:
    """Put the source into an empty folder, beside programs that run this very Python."""
    for name, line in PROGRAMS.items():
        program = root / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\n{line}\n")
        program.chmod(0o755)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, root / part)
    return Installation(root)


def _await_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(START_SECONDS * 10):
        assert server.poll() is None, "the server ended"
        try:
            with urlopen(f"{url}/health/ready"):
                return
        except (URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError("the server was not ready in time")
