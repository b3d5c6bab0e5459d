"""Our letter form, and where mail goes: a folder for the demo and for tests, or a mail server."""

import os
import smtplib
import ssl
from collections.abc import Iterable
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

TIMEOUT = 10
SUBMISSION, SUBMISSIONS = 587, 465


class MailRefused(Exception):
    """The server does not take this one mail; another one may go through."""


class MailUnavailable(Exception):
    """No mail can be sent now."""


class MailSink(Protocol):
    """Something that takes a mail, and is responsible for it from then on."""

    def send(self, mail: EmailMessage) -> None:
        """Hand over one mail. Raises `MailRefused` or `MailUnavailable`."""
        ...


class FileMailSink:
    """Writes every mail to a file of its own, `<message id>.eml`, that only its owner can read."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def send(self, mail: EmailMessage) -> None:
        """Write the mail; the file appears when it is complete. Raises `MailUnavailable`."""
        name = str(mail["Message-ID"]).strip("<>").partition("@")[0]
        part = self.directory / f"{name}.part"
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(mail.as_bytes())
            part.replace(part.with_suffix(".eml"))
        except OSError:
            raise MailUnavailable from None


class SmtpMailSink:
    """Hands every mail to the server of an `smtps://` or `smtp://` URL, within TLS whenever the server can (RFC 3207).

    A password is never sent without TLS. `timeout` in seconds, for each step of the conversation.
    """

    def __init__(self, url: str, *, context: ssl.SSLContext | None = None, timeout: float = TIMEOUT) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._implicit_tls = parts.scheme == "smtps"
        self._port = parts.port or (SUBMISSIONS if self._implicit_tls else SUBMISSION)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._context = context or ssl.create_default_context()
        self._timeout = timeout

    def send(self, mail: EmailMessage) -> None:
        """Hand over one mail. Raises `MailRefused` or `MailUnavailable`, which tell no address."""
        try:
            with self._connect() as server:
                self._secure(server)
                server.send_message(mail)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError):
            raise MailRefused from None
        except (OSError, smtplib.SMTPException):
            raise MailUnavailable from None

    def _connect(self) -> smtplib.SMTP:
        if self._implicit_tls:
            return smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout, context=self._context)
        return smtplib.SMTP(self._host, self._port, timeout=self._timeout)

    def _secure(self, server: smtplib.SMTP) -> None:
        server.ehlo()
        is_secure = self._implicit_tls
        if not is_secure and server.has_extn("starttls"):
            server.starttls(context=self._context)
            is_secure = True
        if self._user and not is_secure:
            raise MailUnavailable
        if self._user:
            server.login(self._user, self._password)


def mail_sink(smtp_url: str | None, directory: Path) -> MailSink:
    """The mail server of the settings; without one, the folder."""
    return SmtpMailSink(smtp_url) if smtp_url else FileMailSink(directory)


def write_mail(
    name: str,
    email: str,
    subject: str,
    lines: Iterable[str],
    *,
    public_url: str,
    message_id: str,
    at: datetime,
) -> EmailMessage:
    """A mail to one colleague. `message_id` is the part before the @; the sender is `noreply` at the service's host."""
    host = urlsplit(public_url).hostname or "localhost"
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = subject
    mail["From"] = Address("Screening en verwijzing", "noreply", host)
    mail["To"] = Address(name, addr_spec=email)
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{message_id}@{host}>"
    mail["Auto-Submitted"] = "auto-generated"
    closing = "Dit bericht is automatisch gemaakt. U kunt er niet op antwoorden."
    body = [f"Beste {name},", "", *lines, "", f"Alles staat op {public_url}", "", closing]
    mail.set_content("\n".join(body), cte="quoted-printable")
    return mail
