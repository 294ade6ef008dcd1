"""A second factor: enrolled, asked for and verified, with codes as an authenticator app shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Unavailable
from supamig.services import SignedIn, auth_checker
from supamig.services.totp import totp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supamig.protocols import Validator
    from supamig.services import Answer, ServiceContext

_CHECK = "auth.mfa"
_SETTINGS = ("mfa_totp_enroll_enabled", "mfa_totp_verify_enabled")


@auth_checker(_CHECK, title="A second factor can be enrolled and is asked for")
def mfa(context: ServiceContext) -> Iterable[Finding]:
    """Enrol an authenticator app, pass its challenge, and fail with a wrong code."""
    if any(context.expected.get(name) is False for name in _SETTINGS):
        raise Unavailable("authenticator apps are off on the source")
    session = context.sign_in()
    body = {"factor_type": "totp", "friendly_name": "supamig check"}
    factor = _post(context, session, "/auth/v1/factors", body)
    app = factor.get("totp")
    if not factor.is_ok or not isinstance(app, dict):
        yield _broken("enrolling an authenticator app", factor)
        return
    path = f"/auth/v1/factors/{factor.get('id')}"
    secret = str(app.get("secret") or "")
    for code, is_right in (("000000", False), ("", True)):
        challenge = _post(context, session, f"{path}/challenge", {})
        if not challenge.is_ok:
            yield _broken("the challenge", challenge)
            return
        shown = code or totp(secret, at=context.clock())
        answer = _post(
            context, session, f"{path}/verify", {"challenge_id": challenge.get("id"), "code": shown}
        )
        if answer.is_ok is not is_right:
            yield _broken("the right code" if is_right else "a wrong code", answer)
            return
    level = _level(answer)
    if level != "aal2":
        yield _broken(f"a session of level `{level}` after the second factor", answer)


def _level(answer: Answer) -> str:
    """Return the level of assurance of the session in an answer, or nothing."""
    session = SignedIn.read(answer)
    return str(session.claims.get("aal", "")) if session else ""


def _post(context: ServiceContext, session: SignedIn, path: str, body: dict[str, Any]) -> Answer:
    return context.target_api.call("POST", path, token=session.access, json=body)


def _broken(what: str, answer: Answer) -> Finding:
    return Finding(
        check=_CHECK,
        severity=Severity.ERROR,
        subject=what,
        message=f"on the way to a second factor, {what} is answered {answer.said}",
        hint="Set `GOTRUE_MFA_TOTP_ENROLL_ENABLED` and `GOTRUE_MFA_TOTP_VERIFY_ENABLED` to true;"
        " is the clock right?",
    )


@hookimpl
def supamig_auth_checkers() -> list[Validator]:
    """Hand over the check of second factors."""
    return [mfa]
