"""Stands in for GoTrue's mail: to the configured server, or dropped when there is none."""

from __future__ import annotations

import hashlib
import re
import secrets
import smtplib
import ssl
import uuid
from datetime import timedelta
from email.message import EmailMessage
from email.utils import formataddr
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin
from urllib.request import urlopen

from supamig.testing.services.gotrue import accounts, redirects
from supamig.testing.services.gotrue.problems import Problem, internal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from supamig.testing.services.database import Session
    from supamig.testing.services.gotrue.accounts import User
    from supamig.testing.services.gotrue.calls import Call

_SECONDS = 10.0
_FIELD = re.compile(r"\{\{\s*\.(\w+(?:\.\w+)*)\s*\}\}")
#: By type of link: the template's name, the path's name, the subject.
KINDS: Mapping[str, tuple[str, str, str]] = {
    "signup": ("CONFIRMATION", "CONFIRMATION", "Confirm Your Signup"),
    "invite": ("INVITE", "INVITE", "You have been invited"),
    "recovery": ("RECOVERY", "RECOVERY", "Reset Your Password"),
    "magiclink": ("MAGIC_LINK", "RECOVERY", "Your Magic Link"),
    "email_change": ("EMAIL_CHANGE", "EMAIL_CHANGE", "Confirm Email Change"),
}
_COLUMNS = {"signup": "confirmation", "invite": "confirmation", "recovery": "recovery",
            "magiclink": "recovery"}  # fmt: skip


def code(call: Call) -> str:
    """Return a new one-time code."""
    length = call.configuration.number("MAILER_OTP_LENGTH")
    return str(secrets.randbelow(10**length)).zfill(length)


def digest(email: str, given: str) -> str:
    """Return the hash under which the code of an address is kept."""
    return hashlib.sha224((email + given).encode()).hexdigest()


def column(kind: str) -> str:
    """Return how the columns of a type of link begin: `recovery` or `confirmation`."""
    return _COLUMNS[kind]


def keep_token(  # noqa: PLR0913, PLR0917 - the columns of a row
    session: Session, user: uuid.UUID, kind: str, digest: str, relates_to: str, now: datetime
) -> None:
    """Replace a user's one-time token of a kind."""
    session.execute(
        "delete from one_time_tokens where user_id = %s and token_type = %s", [user, kind]
    )
    row = {
        "id": uuid.uuid4(),
        "user_id": user,
        "token_type": kind,
        "token_hash": digest,
        "relates_to": relates_to.lower(),
        "created_at": now.replace(tzinfo=None),
        "updated_at": now.replace(tzinfo=None),
    }
    accounts.insert(session, "one_time_tokens", row)


def link(call: Call, kind: str, token: str, target: str) -> str:
    """Return the link that a mail of a type holds."""
    path = call.configuration.text(f"MAILER_URLPATHS_{KINDS[kind][1]}")
    query = {"token": token, "type": kind, "redirect_to": target}
    return redirects.action_link(call.configuration, path=path, query=query)


def referrer(call: Call) -> str:
    """Return where a link leads back to, by what the request says."""
    wanted = call.headers.get("redirect_to") or call.query.get("redirect_to", "")
    return redirects.choose(call.configuration, wanted, call.headers.get("referer", ""))


def send(call: Call, session: Session, user: User, kind: str) -> None:
    """Make a new code for a user, mail it, and keep its hash."""
    start = column(kind)
    if kind != "invite":
        check_frequency(call, user.row[f"{start}_sent_at"])
    given = code(call)
    token = digest(user.email, given)
    call.service.limits.check_mail()
    deliver(call, user, kind, given=given, token=token, to=user.email)
    sent = {f"{start}_token": token, f"{start}_sent_at": call.now}
    accounts.update(session, "users", user.row, call.now, **sent)
    keep_token(session, user.id, f"{start}_token", token, user.email, call.now)


def check_frequency(call: Call, sent: datetime | None) -> None:
    """Raise 429 when the last mail of a kind is too new."""
    pause = timedelta(seconds=call.configuration.seconds("SMTP_MAX_FREQUENCY"))
    if sent is not None and sent + pause > call.now:
        left = int((sent + pause - call.now).total_seconds())
        message = f"For security purposes, you can only request this after {left} seconds."
        raise Problem(429, "over_email_send_rate_limit", message)


def deliver(  # noqa: PLR0913 - what a mail is made of
    call: Call, user: User, kind: str, *, given: str, token: str, to: str
) -> None:
    """Hand one mail to the server; without one nothing is sent, and nobody is told."""
    if not call.configuration.text("SMTP_HOST"):
        return
    target = referrer(call)
    values = {
        "ConfirmationURL": link(call, kind, token, target),
        "Data": user.row["raw_user_meta_data"] or {},
        "Email": user.email,
        "NewEmail": user.row["email_change"] or "",
        "RedirectTo": target,
        "SiteURL": call.configuration.text("SITE_URL"),
        "Token": given,
        "TokenHash": token,
    }
    template, _, subject = KINDS[kind]
    message = EmailMessage()
    name, address = (
        call.configuration.text(f"SMTP_{one}") for one in ("SENDER_NAME", "ADMIN_EMAIL")
    )
    message["From"] = formataddr((name, address))
    message["To"] = to
    subject = call.configuration.text(f"MAILER_SUBJECTS_{template}") or subject
    message["Subject"] = _filled(subject, values)
    message.set_content(_filled(_body(call, template), values), subtype="html")
    try:
        _hand_over(call, message)
    except (OSError, smtplib.SMTPException) as error:
        what = {"signup": "confirmation", "magiclink": "magic link", "email_change": "email change"}
        raise internal(f"Error sending {what.get(kind, kind)} email") from error


def _hand_over(call: Call, message: EmailMessage) -> None:
    host, port = call.configuration.text("SMTP_HOST"), call.configuration.number("SMTP_PORT")
    user, word = call.configuration.text("SMTP_USER"), call.configuration.text("SMTP_PASS")
    with smtplib.SMTP(host, port, timeout=_SECONDS) as server:
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        if user and server.has_extn("auth"):
            server.login(user, word)
        server.send_message(message)


def _body(call: Call, template: str) -> str:
    """Return the configured template, or one of our own when it cannot be had."""
    place = call.configuration.text(f"MAILER_TEMPLATES_{template}")
    if place.startswith("/") and Path(place).is_file():
        return Path(place).read_text(encoding="utf-8")
    if place:
        try:
            base = call.configuration.text("SITE_URL")
            with urlopen(urljoin(base, place), timeout=_SECONDS) as reply:  # noqa: S310 - as configured
                return str(reply.read().decode(errors="replace"))
        except (OSError, ValueError):
            # as the real one: mail goes out all the same
            return _DEFAULT
    return _DEFAULT


_DEFAULT = '<p><a href="{{ .ConfirmationURL }}">Go on</a> or enter the code {{ .Token }}</p>\n'


def _filled(text: str, values: Mapping[str, object]) -> str:
    def value(match: re.Match[str]) -> str:
        found: object = values
        for part in match[1].split("."):
            found = found.get(part, "") if isinstance(found, dict) else ""
        return str(found)

    return _FIELD.sub(value, text)
