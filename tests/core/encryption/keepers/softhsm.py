"""SoftHSM: a PKCS #11 token in software, in a folder of the test's own."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "4711"


def prepare(folder: Path) -> None:
    """Point this process' SoftHSM to the folder; fails, naming the package, on a machine without it."""
    if not MODULE.exists() or shutil.which("softhsm2-util") is None:
        pytest.fail("SoftHSM is not installed: apt-get install softhsm2 (a Debian package)")
    (folder / "tokens").mkdir(parents=True)
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(settings)


def make_token(label: str) -> None:
    """An empty token with this label."""
    given = ["--init-token", "--free", "--label", label, "--so-pin", "47114711", "--pin", PIN]
    subprocess.run(["softhsm2-util", *given], check=True, capture_output=True)
