"""Stands in for GoTrue's sessions: made at sign-in, refreshed, revoked as a family."""

from __future__ import annotations

import secrets
import string
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from supamig.testing.services.gotrue import accounts, hooks, signed_tokens
from supamig.testing.services.gotrue.problems import failing, internal

if TYPE_CHECKING:
    from supamig.testing.services.database import Row, Session
    from supamig.testing.services.gotrue.accounts import User
    from supamig.testing.services.gotrue.calls import Call

_ALPHABET = string.ascii_lowercase + string.digits
_LENGTH = 12
#: The real one writes every column that it knows, so a missing one is noticed.
_WHOLE_ROW = """
select not_after, factor_id, refreshed_at, tag, oauth_client_id,
       refresh_token_hmac_key, refresh_token_counter
from sessions limit 0
"""
_SECOND_FACTORS = {"totp", "mfa/phone", "mfa/webauthn", "mfa/totp"}


def start(call: Call, session: Session, user: User, method: str) -> dict[str, Any]:
    """Begin a session and return it as a client gets it."""
    row: Row = {
        "id": uuid.uuid4(),
        "user_id": user.id,
        "aal": "aal1",
        "created_at": call.now,
        "updated_at": call.now,
        "user_agent": call.headers.get("user-agent"),
        "ip": call.address,
    }
    signed = call.configuration.number("SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION") == 2  # noqa: PLR2004
    if signed:
        row |= {"refresh_token_hmac_key": signed_tokens.new_key(), "refresh_token_counter": 0}
    with failing("Database error granting user"):
        session.execute(_WHOLE_ROW)
        accounts.insert(session, "sessions", row)
        token = signed_tokens.encode(row) if signed else grant(call, session, row)
        accounts.update(session, "users", user.row, call.now, last_sign_in_at=call.now)
    call.sent |= {"sb-auth-user-id": str(user.id), "sb-auth-session-id": str(row["id"])}
    if not signed:
        call.sent["sb-auth-refresh-token-prefix"] = token[:5]
    add_claim(call, session, row["id"], method)
    return answer(call, session, user, row, refresh=token, method=method)


def grant(call: Call, session: Session, row: Row, *, parent: str = "") -> str:
    """Insert a refresh token of a session."""
    token = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    columns = {
        "instance_id": accounts.NOBODY,
        "token": token,
        "user_id": str(row["user_id"]),
        "parent": parent or None,
        "session_id": row["id"],
        "revoked": False,
        "created_at": call.now,
        "updated_at": call.now,
    }
    accounts.insert(session, "refresh_tokens", columns)
    return token


def swap(call: Call, session: Session, row: Row, token: Row) -> str:
    """Revoke a refresh token and grant the next."""
    accounts.update(session, "refresh_tokens", token, call.now, revoked=True)
    return grant(call, session, row, parent=token["token"])


def add_claim(call: Call, session: Session, session_id: uuid.UUID, method: str) -> None:
    """Note by what the user proved to be the user."""
    session.execute(
        "insert into mfa_amr_claims"
        " (id, session_id, created_at, updated_at, authentication_method)"
        " values (%s, %s, %s, %s, %s)"
        " on conflict on constraint mfa_amr_claims_session_id_authentication_method_pkey"
        " do update set updated_at = excluded.updated_at",
        [uuid.uuid4(), session_id, call.now, call.now, method],
    )


def answer(  # noqa: PLR0913 - what a session is made of
    call: Call, session: Session, user: User, row: Row, *, refresh: str, method: str
) -> dict[str, Any]:
    """Return a session as a client gets it, with a new access token."""
    claims = _claims(call, session, user, row)
    expires = claims["exp"]
    if hooks.is_on(call, "CUSTOM_ACCESS_TOKEN"):
        claims = hooks.custom_access_token(call, session, user, claims, method)
    return {
        "access_token": call.service.keys.sign(claims),
        "token_type": "bearer",
        "expires_in": expires - int(call.now.timestamp()),
        "expires_at": expires,
        "refresh_token": refresh,
        "user": user.shown(),
    }


def level(session: Session, session_id: uuid.UUID) -> tuple[str, list[dict[str, Any]]]:
    """Return the assurance level of a session and what it rests on, the newest first."""
    rows = session.execute(
        "select authentication_method, updated_at from mfa_amr_claims"
        " where session_id = %s order by updated_at desc",
        [session_id],
    ).fetchall()
    methods = [
        {"method": row["authentication_method"], "timestamp": int(row["updated_at"].timestamp())}
        for row in rows
    ]
    second = any(one["method"] in _SECOND_FACTORS for one in methods)
    return ("aal2" if second else "aal1"), methods


def _claims(call: Call, session: Session, user: User, row: Row) -> dict[str, Any]:
    aal, methods = level(session, row["id"])
    now = int(call.now.timestamp())
    expires = now + call.configuration.number("JWT_EXP")
    low = call.configuration.seconds("SESSIONS_ALLOW_LOW_AAL")
    if low and aal == "aal1" and user.has_verified_factor:
        end = row["created_at"] + timedelta(seconds=low)
        expires = min(expires, int(end.timestamp()))
    if user.row["role"] is None:
        raise internal("error generating jwt token")
    claims = {
        "sub": str(user.id),
        "aud": user.row["aud"] or "",
        "exp": expires,
        "iat": now,
        "email": user.email,
        "phone": user.row["phone"] or "",
        "app_metadata": user.row["raw_app_meta_data"] or {},
        "user_metadata": user.row["raw_user_meta_data"] or {},
        "role": user.row["role"],
        "aal": aal,
        "amr": methods,
        "session_id": str(row["id"]),
        "is_anonymous": user.row["is_anonymous"],
    }
    if issuer := call.configuration.text("JWT_ISSUER"):
        claims["iss"] = issuer
    return claims
