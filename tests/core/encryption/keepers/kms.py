"""Moto's stand-in for AWS KMS, in a process of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import URLError
from urllib.request import urlopen

START_SECONDS = 60
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}


@contextmanager
def serving() -> Iterator[str]:
    """The address of the server, up for as long as the block lasts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    start = "from moto.server import main; import sys; main(sys.argv[1:])"
    command = [sys.executable, "-c", start, "-H", "127.0.0.1", "-p", str(port)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, env=os.environ | CREDENTIALS) as server:
        try:
            _await(f"http://127.0.0.1:{port}", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _await(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(START_SECONDS * 20):
        assert server.poll() is None, "moto's server ended"
        try:
            with urlopen(f"{url}/moto-api/data.json"):
                return
        except (URLError, ConnectionError):
            time.sleep(0.05)
    raise AssertionError("moto's server was not ready in time")
