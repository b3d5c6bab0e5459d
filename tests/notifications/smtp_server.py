"""A small real mail server: it speaks enough SMTP (RFC 5321) over a socket to take a mail, refuse one, or hang up."""

import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Server:
    """What the server does, and what it heard: whole mails, and for each whether it came within TLS."""

    refuse: str = ""
    starttls: ssl.SSLContext | None = None
    port: int = 0
    mails: list[bytes] = field(default_factory=list)
    within_tls: list[bool] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


class Handler(socketserver.StreamRequestHandler):
    """One conversation."""

    told: Server

    def handle(self) -> None:
        self.secure = False
        try:
            self.converse()
        except (ssl.SSLError, ConnectionError):
            self.told.said.append("LOST")
        finally:
            self.connection.close()

    def converse(self) -> None:
        self.answer("220 mail.voorbeeld.example")
        while line := self.rfile.readline():
            word, _, rest = line.decode().strip().partition(" ")
            self.told.said.append(word.upper())
            if word.upper() == "QUIT":
                self.answer("221 tot ziens")
                return
            self.obey(word.upper(), rest)

    def obey(self, word: str, rest: str) -> None:
        match word:
            case "EHLO":
                extensions = ["STARTTLS"] if self.told.starttls and not self.secure else ["AUTH PLAIN"]
                lines = ["mail.voorbeeld.example", *extensions]
                for line in lines[:-1]:
                    self.answer(f"250-{line}")
                self.answer(f"250 {lines[-1]}")
            case "STARTTLS":
                self.answer("220 begin maar")
                assert self.told.starttls is not None
                self.connection = self.told.starttls.wrap_socket(self.connection, server_side=True)
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
                self.secure = True
            case "RCPT" if self.told.refuse and self.told.refuse in rest:
                self.answer("550 onbekend")
            case "DATA":
                self.answer("354 ga uw gang")
                self.told.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")))
                self.told.within_tls.append(self.secure)
                self.answer("250 aangenomen")
            case "AUTH":
                self.answer("235 welkom")
            case _:
                self.answer("250 goed")

    def answer(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """The server on a free port of this machine, as long as the block lasts."""
    handler = type("Bound", (Handler,), {"told": server})
    with socketserver.ThreadingTCPServer(("127.0.0.1", server.port), handler, bind_and_activate=False) as listener:
        listener.allow_reuse_address = listener.daemon_threads = True
        listener.server_bind()
        listener.server_activate()
        server.port = listener.server_address[1]
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join()


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A certificate of a day for 127.0.0.1: the context of the server, and that of a client which trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.voorbeeld.example")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    file = folder / "server.pem"
    file.write_bytes(secret + signed.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))
