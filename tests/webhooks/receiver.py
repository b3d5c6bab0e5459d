"""A real receiver on this machine: HTTPS with a certificate of its own authority; it keeps every message it gets."""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Message:
    """One message as it came in, and how it was answered."""

    headers: dict[str, str]
    body: bytes
    answer: int | str

    @property
    def event(self) -> dict[str, Any]:
        """The CloudEvent in it."""
        event: dict[str, Any] = orjson.loads(self.body)
        return event


Behave = Callable[[dict[str, Any]], int | str]
"""What to do with an event: answer this status, or `reset`, `hang` or `drip`."""


@dataclass
class Receiver:
    """The server. `behave` may be changed while it runs."""

    port: int = 0
    ca_file: str = ""
    behave: Behave = field(default=lambda _event: 204)
    messages: list[Message] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    hanging: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"https://{HOST}:{self.port}/verwijzingen?bron=1"

    def taken(self) -> list[dict[str, Any]]:
        """The events that were answered with 2xx, in the order in which they came."""
        return [message.event for message in self.messages if message.answer in range(200, 300)]

    def take(self, headers: dict[str, str], body: bytes) -> int | str:
        """Note a message and say how to answer it."""
        with self.lock:
            answer = self.behave(orjson.loads(body))
            self.messages.append(Message(headers, body, answer))
            return answer


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = receiver.take({name.lower(): value for name, value in self.headers.items()}, body)
            if answer == "reset":
                # Linger zero turns the close into a TCP reset.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif answer == "hang":
                receiver.hanging.wait(20)
            elif answer == "drip":
                self._drip()
            else:
                self.send_response(int(answer))
                self.send_header("Content-Length", "0")
                self.send_header("Location", receiver.url)
                self.end_headers()
            self.close_connection = True

        def _drip(self) -> None:
            """A header that never ends, a byte at a time."""
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            end = time.monotonic() + 20
            while time.monotonic() < end and not receiver.hanging.wait(0.05):
                self.wfile.write(b"x")

        def log_message(self, *_arguments: Any) -> None:
            """Nothing on the terminal."""

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_arguments: Any) -> None:
        """A sender that hangs up is part of these tests."""


@contextmanager
def receiving(directory: Path) -> Iterator[Receiver]:
    """A running receiver; its certificate is in `ca_file`."""
    receiver = Receiver(ca_file=str(directory / "ca.pem"))
    server = _Server((HOST, 0), _handler(receiver))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_write_certificate(directory, Path(receiver.ca_file)))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    receiver.port = int(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.hanging.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _write_certificate(directory: Path, ca_file: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Ontvanger van de tests")])
    names = [x509.IPAddress(ip_address(HOST)), x509.DNSName("ontvanger.example")]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    ca_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both = directory / "server.pem"
    both.write_bytes(private + ca_file.read_bytes())
    return both
