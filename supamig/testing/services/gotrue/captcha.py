"""Stands in for GoTrue's question whether a person is there; nobody can answer it here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.testing.services.gotrue.calls import administrate
from supamig.testing.services.gotrue.problems import Problem, internal

if TYPE_CHECKING:
    from supamig.testing.services.gotrue.calls import Call


def check(call: Call) -> None:
    """Refuse what comes without a captcha's token, unless an administrator asks."""
    if not call.configuration.flag("SECURITY_CAPTCHA_ENABLED"):
        return
    if call.path.endswith("/token") and call.query.get("grant_type") != "password":
        return
    try:
        administrate(call)
    except Problem:
        given = call.fields(gotrue_meta_security=dict)["gotrue_meta_security"] or {}
        if str(given.get("captcha_token") or "").strip():
            # the provider of the captcha is asked, and is not to be had
            raise internal("captcha verification process failed") from None
        message = "captcha protection: request disallowed (no captcha_token found)"
        raise Problem(400, "captcha_failed", message) from None
    finally:
        call.claims = {}
