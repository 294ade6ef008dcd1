"""Stands in for GoTrue, PostgREST and the gateway of one deployment, on a real Postgres.

    with serve(database.dsn, jwt_secret=secret, env={"GOTRUE_MAILER_AUTOCONFIRM": "true"}) as one:
        httpx.get(f"{one.url}/auth/v1/settings", headers={"apikey": one.anon_key})

One child process answers `/auth/v1`, `/rest/v1` and what else the gateway routes, on a port of the
loopback.  It ends with the block, and with its parent however that ends; it writes no file and
sends mail only to `GOTRUE_SMTP_HOST`.  ``env`` takes the real names (`GOTRUE_*`, `PGRST_*`, and the
gateway's keys); over what the real GoTrue would not start with, `NotStarted` is raised.  Passwords
and codes are real (bcrypt, argon2, TOTP), so are tokens (HS256, ES256), and row level security, by
the roles of the database.  What it answers is held to a real GoTrue by `tests/contract`.
"""

from __future__ import annotations

from supamig.testing.services.serving import NotStarted, Services, serve

__all__ = ["NotStarted", "Services", "serve"]
