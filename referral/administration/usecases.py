"""What an administrator does across areas: inviting a colleague by mail."""

from urllib.parse import urlencode
from uuid import UUID

from referral.core.database import new_id
from referral.core.errors import Invalid, Unavailable
from referral.core.policy import Actor
from referral.core.work import Work
from referral.identity.models import User
from referral.identity.usecases import InviteUser, invite_user, write_invitation
from referral.notifications.mail import MailRefused, MailSink, MailUnavailable, write_mail
from referral.notifications.usecases.sending import MAIL_SINK

SUBJECT = "Uw account voor screening en verwijzing"


def invite_colleague(command: InviteUser, *, actor: Actor, work: Work) -> User:
    """Open the account and mail the colleague a link to choose a password.

    Raises `NotAllowed`, `Invalid`, `Conflict`, and `Unavailable` when no mail goes out now; then nothing was done.
    """
    user = invite_user(command, actor=actor, work=work)
    return send_invitation(user.id, actor=actor, work=work)


def send_invitation(user_id: UUID, *, actor: Actor, work: Work) -> User:
    """Mail the link, again if need be. The link stands in this mail only, so that nobody else can use it.

    Raises `NotFound`, `Conflict`, `Invalid` for an address that is refused, and `Unavailable`.
    """
    user, text = write_invitation(user_id, actor=actor, work=work)
    settings = work.service.settings
    address = f"{settings['public_url']}/welcome?{urlencode({'invitation': text})}"
    lines = [
        f"{actor.name} heeft een account voor u gemaakt.",
        "Kies binnen zeven dagen een wachtwoord. De link werkt een keer:",
        "",
        address,
    ]
    mail = write_mail(
        user.name,
        user.email,
        SUBJECT,
        lines,
        public_url=settings["public_url"],
        message_id=str(new_id()),
        at=work.now,
    )
    sink: MailSink = settings[MAIL_SINK]
    try:
        sink.send(mail)
    except MailRefused:
        raise Invalid.one("/email", "email", "Naar dit adres kunnen wij geen mail sturen.") from None
    except MailUnavailable:
        raise Unavailable("Er kan nu geen mail worden verstuurd. Er is niets gebeurd.") from None
    return user
