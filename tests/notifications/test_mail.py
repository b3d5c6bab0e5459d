"""Where mail goes, against a real server on a real socket."""

import ssl
import stat
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from referral.notifications.mail import FileMailSink, MailRefused, MailUnavailable, SmtpMailSink, mail_sink
from tests.notifications.smtp_server import Server, certificate, running


@pytest.fixture
def mail() -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["Subject"], mail["From"], mail["To"] = "Er wacht 1 zaak op u", "noreply@a.example", "sanne@b.example"
    mail["Message-ID"] = "<20261103.abc@a.example>"
    mail.set_content("Beste Sanne,\n.\nTot morgen.", cte="quoted-printable")
    return mail


def test_a_mail_becomes_a_file_that_only_its_owner_can_read(tmp_path: Path, mail: EmailMessage) -> None:
    FileMailSink(tmp_path / "mail").send(mail)
    (file,) = (tmp_path / "mail").iterdir()
    assert file.name == "20261103.abc.eml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b"Beste Sanne," in file.read_bytes()


def test_a_folder_that_cannot_be_written_is_no_mail(tmp_path: Path, mail: EmailMessage) -> None:
    (tmp_path / "mail").write_text("geen map")
    with pytest.raises(MailUnavailable):
        FileMailSink(tmp_path / "mail").send(mail)


def test_a_server_takes_the_whole_mail(mail: EmailMessage) -> None:
    with running(Server()) as server:
        SmtpMailSink(f"smtp://127.0.0.1:{server.port}").send(mail)
    assert server.mails[0].endswith(b"Beste Sanne,\r\n..\r\nTot morgen.\r\n")
    assert server.within_tls == [False]


def test_tls_is_used_when_the_server_offers_it(tmp_path: Path, mail: EmailMessage) -> None:
    """Wrong build: never asks for STARTTLS, or asks and does not check the name of the server."""
    theirs, ours = certificate(tmp_path)
    with running(Server(starttls=theirs)) as server:
        url = f"smtp://dienst:geheim%40huis@127.0.0.1:{server.port}"
        SmtpMailSink(url, context=ours).send(mail)
        assert server.within_tls == [True]
        assert server.said.index("STARTTLS") < server.said.index("AUTH")
        with pytest.raises(MailUnavailable):
            SmtpMailSink(url).send(mail)
    assert len(server.mails) == 1


def test_a_password_never_travels_without_tls(mail: EmailMessage) -> None:
    with running(Server()) as server, pytest.raises(MailUnavailable):
        SmtpMailSink(f"smtp://dienst:geheim@127.0.0.1:{server.port}").send(mail)
    assert "AUTH" not in server.said
    assert server.mails == []


def test_an_unknown_recipient_is_refused_and_not_named(mail: EmailMessage) -> None:
    with running(Server(refuse="sanne@")) as server, pytest.raises(MailRefused) as refusal:
        SmtpMailSink(f"smtp://127.0.0.1:{server.port}").send(mail)
    assert "sanne" not in str(refusal.value)
    assert refusal.value.__suppress_context__


def test_a_server_that_is_away_is_no_refusal(mail: EmailMessage) -> None:
    with running(Server()) as server:
        pass
    with pytest.raises(MailUnavailable):
        SmtpMailSink(f"smtp://127.0.0.1:{server.port}").send(mail)


def test_a_server_that_says_nothing_is_left_after_the_timeout(mail: EmailMessage) -> None:
    with running(Server(starttls=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))) as server, pytest.raises(MailUnavailable):
        SmtpMailSink(f"smtps://127.0.0.1:{server.port}", timeout=0.2).send(mail)


def test_without_a_server_mail_goes_to_the_folder(tmp_path: Path) -> None:
    assert isinstance(mail_sink(None, tmp_path), FileMailSink)
    assert isinstance(mail_sink("smtps://mail.voorbeeld.example", tmp_path), SmtpMailSink)
