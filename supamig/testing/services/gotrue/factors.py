"""Stands in for GoTrue's second factors by time-based codes."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import pyotp

from supamig.testing.services.gotrue import accounts, sessions, signed_tokens
from supamig.testing.services.gotrue.calls import Answer, path_id
from supamig.testing.services.gotrue.problems import Problem, failing, invalid

if TYPE_CHECKING:
    from supamig.testing.services.database import Row, Session
    from supamig.testing.services.gotrue.accounts import User
    from supamig.testing.services.gotrue.calls import Call


def enrol(call: Call) -> Answer:
    """Add a factor, which counts once a code of it was seen."""
    given = call.fields(factor_type=str, friendly_name=str, issuer=str)
    user = _not_anonymous(call)
    for kind, name in (("phone", "Phone"), ("webauthn", "WebAuthn")):
        if given["factor_type"] == kind:
            message = f"MFA enroll is disabled for {name}"
            raise Problem(422, f"mfa_{kind}_enroll_not_enabled", message)
    if given["factor_type"] != "totp":
        raise invalid("factor_type needs to be totp, phone, or webauthn")
    if not call.configuration.flag("MFA_TOTP_ENROLL_ENABLED"):
        raise Problem(422, "mfa_totp_enroll_not_enabled", "MFA enroll is disabled for TOTP")
    secret = pyotp.random_base32()
    issuer = given["issuer"] or urlsplit(call.configuration.text("SITE_URL")).netloc
    settings = {"algorithm": "SHA1", "digits": 6, "issuer": issuer, "period": 30, "secret": secret}
    uri = f"otpauth://totp/{issuer}:{user.email}?{urlencode(settings, safe=':')}"
    row = {
        "id": uuid.uuid4(),
        "user_id": user.id,
        "friendly_name": given["friendly_name"],
        "factor_type": "totp",
        "status": "unverified",
        "secret": secret,
        "created_at": call.now,
        "updated_at": call.now,
    }
    with call.transaction() as session:
        _check_room(call, session, user, given["friendly_name"])
        accounts.insert(session, "mfa_factors", row)
    import segno  # only who enrols waits for it

    picture = io.BytesIO()
    segno.make(uri, error="h").save(picture, kind="svg")
    shown = {"qr_code": picture.getvalue().decode(), "secret": secret, "uri": uri}
    body = {"id": str(row["id"]), "type": "totp", "totp": shown}
    named = {"friendly_name": given["friendly_name"]} if given["friendly_name"] else {}
    return Answer(body | named)


def challenge(call: Call) -> Answer:
    """Begin a proof."""
    _not_anonymous(call)
    with call.transaction() as session:
        factor = _factor(call, session)
        _check_verifying(call)
        row = {
            "id": uuid.uuid4(),
            "factor_id": factor["id"],
            "created_at": call.now,
            "ip_address": call.address,
        }
        accounts.insert(session, "mfa_challenges", row)
        session.execute(
            "update mfa_factors set last_challenged_at = %s where id = %s", [call.now, factor["id"]]
        )
    ends = call.now + timedelta(seconds=_lifetime(call))
    return Answer({"id": str(row["id"]), "type": "totp", "expires_at": int(ends.timestamp())})


def verify(call: Call) -> Answer:
    """End a proof: the session rises to aal2."""
    user = _not_anonymous(call)
    with call.transaction() as session:
        factor = _factor(call, session)
        given = call.fields(challenge_id=str, code=str)
        if not given["code"]:
            raise invalid("Code needs to be non-empty")
        _check_verifying(call)
        proof = _challenge(call, session, factor, given["challenge_id"])
        if not pyotp.TOTP(factor["secret"]).verify(
            given["code"], for_time=call.now, valid_window=1
        ):
            raise Problem(422, "mfa_verification_failed", "Invalid TOTP code entered")
        session.execute(
            "update mfa_challenges set verified_at = %s where id = %s", [call.now, proof["id"]]
        )
        accounts.update(session, "mfa_factors", factor, call.now, status="verified")
        body = _risen(call, session, user, factor)
        session.execute("delete from sessions where user_id = %s and aal < 'aal2'", [user.id])
        session.execute(
            "delete from mfa_factors where user_id = %s and status = 'unverified'"
            " and factor_type = 'totp'",
            [user.id],
        )
    return Answer(body)


def unenrol(call: Call) -> Answer:
    """Remove a factor."""
    _not_anonymous(call)
    with call.transaction() as session:
        factor = _factor(call, session)
        if factor["status"] == "verified" and not _is_strong(call):
            message = "AAL2 required to unenroll verified factor"
            raise Problem(422, "insufficient_aal", message)
        session.execute("delete from mfa_factors where id = %s", [factor["id"]])
        session.execute(
            "update sessions set aal = 'aal1', factor_id = null"
            " where user_id = %s and factor_id = %s",
            [factor["user_id"], factor["id"]],
        )
    return Answer({"id": str(factor["id"])})


def _risen(call: Call, session: Session, user: User, factor: Row) -> dict[str, Any]:
    own = (call.session or {})["id"]
    sessions.add_claim(call, session, own, "totp")
    row = session.execute("select * from sessions where id = %s for update", [own]).fetchone() or {}
    if row["refresh_token_hmac_key"] and row["refresh_token_counter"] is not None:
        # by two, so that the token of before the proof is no use any more
        row["refresh_token_counter"] += 2
        token = signed_tokens.encode(row)
    else:
        held = session.execute(
            "select * from refresh_tokens where session_id = %s and revoked = false"
            " order by created_at limit 1",
            [own],
        ).fetchone()
        token = sessions.swap(call, session, row, held or {})
    columns = {"aal": "aal2", "factor_id": factor["id"],
               "refresh_token_counter": row["refresh_token_counter"]}  # fmt: skip
    accounts.update(session, "sessions", row, call.now, **columns)
    found = accounts.by_id(session, user.id) or user
    return sessions.answer(call, session, found, row, refresh=token, method="totp")


def _check_room(call: Call, session: Session, user: User, name: str) -> None:
    session.execute(
        "delete from mfa_factors where status = 'unverified' and created_at < %s",
        [call.now - timedelta(seconds=call.configuration.seconds("MFA_FACTOR_EXPIRY_DURATION"))],
    )
    verified = sum(one["status"] == "verified" for one in user.factors)
    if any(one["friendly_name"] == name for one in user.factors):
        message = f'A factor with the friendly name "{name}" for this user already exists'
        raise Problem(422, "mfa_factor_name_conflict", message)
    most = call.configuration.number("MFA_MAX_ENROLLED_FACTORS")
    if len(user.factors) >= most or verified >= call.configuration.number(
        "MFA_MAX_VERIFIED_FACTORS"
    ):
        message = "Maximum number of verified factors reached, unenroll to continue"
        raise Problem(422, "too_many_enrolled_mfa_factors", message)
    if verified and not _is_strong(call):
        raise Problem(403, "insufficient_aal", "AAL2 required to enroll a new factor")


def _not_anonymous(call: Call) -> User:
    if call.claims.get("is_anonymous"):
        message = "Anonymous user not allowed to perform these actions"
        raise Problem(403, "no_authorization", message)
    return call.signed_in


def _is_strong(call: Call) -> bool:
    return call.session is not None and call.session["aal"] == "aal2"


def _check_verifying(call: Call) -> None:
    if not call.configuration.flag("MFA_TOTP_VERIFY_ENABLED"):
        message = "MFA verification is disabled for TOTP"
        raise Problem(422, "mfa_totp_verify_not_enabled", message)


def _factor(call: Call, session: Session) -> Row:
    number = path_id(call, "factor_id")
    with failing("Database error loading factor"):
        found = session.execute(
            "select * from mfa_factors where id = %s and user_id = %s", [number, call.signed_in.id]
        ).fetchone()
    if found is None:
        raise Problem(404, "mfa_factor_not_found", "Factor not found")
    return found


def _challenge(call: Call, session: Session, factor: Row, given: str) -> Row:
    try:
        number = uuid.UUID(given or str(accounts.NOBODY))
    except ValueError:
        raise Problem(400, "bad_json", "Could not parse request body as JSON: bad uuid") from None
    found = session.execute(
        "select * from mfa_challenges where id = %s and factor_id = %s", [number, factor["id"]]
    ).fetchone()
    if found is None:
        message = "MFA factor with the provided challenge ID not found"
        raise Problem(422, "mfa_factor_not_found", message)
    if found["verified_at"] is not None or str(found["ip_address"]) != call.address:
        message = "Challenge and verify IP addresses mismatch."
        raise Problem(422, "mfa_ip_address_mismatch", message)
    if call.now > found["created_at"] + timedelta(seconds=_lifetime(call)):
        message = f"MFA challenge {number} has expired, verify against another challenge or create a new challenge."  # noqa: E501 - one message
        raise Problem(422, "mfa_challenge_expired", message)
    return found


def _lifetime(call: Call) -> float:
    return call.configuration.seconds("MFA_CHALLENGE_EXPIRY_DURATION")
