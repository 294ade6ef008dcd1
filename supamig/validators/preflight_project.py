"""Before the move: what in the project itself will break elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from psycopg import sql

from supamig.catalog import AUTH_INSTANCE, AUTH_NEVER_NULL, is_managed
from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity, Stage
from supamig.protocols import Unavailable, Validator, validator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from supamig.protocols import CheckContext, Side

#: Addresses that lead to a project on the platform: `<ref>.supabase.co`.
_ADDRESS = re.compile(r"\b([a-z0-9]{20})\.(?:supabase\.(?:co|in|red)|functions\.supabase\.co)\b")
_APP_SETTING = re.compile(r"app\.settings\.\w+")
#: Catalogs whose texts run on the target as they are, and the attributes that hold the text.
_TEXTS = {
    "functions": ("source", "definition"),
    "triggers": ("definition",),
    "views": ("definition",),
    "policies": ("using", "check"),
    "columns": ("default", "expression"),
}


def _texts(side: Side) -> Iterator[tuple[str, str, str]]:
    """Yield kind, name and text of everything of the user's that holds SQL."""
    for kind, keys in _TEXTS.items():
        for record in side.catalog(kind):
            # what a service put into its own schema is its own; policies there are the user's
            if not is_managed(str(record["schema"])) or kind in ("policies", "triggers"):
                text = "\n".join(str(record[key] or "") for key in keys)
                yield kind, str(record["name"]), text


@validator(
    "preflight.addresses",
    title="Nothing in the database calls the old project by its address",
    stage=Stage.PREFLIGHT,
)
def addresses(context: CheckContext) -> Iterable[Finding]:
    """Find functions, triggers and the like that would go on calling the source."""
    for kind, name, text in _texts(context.source):
        if found := _ADDRESS.search(text):
            yield Finding(
                check="preflight.addresses",
                severity=Severity.WARNING,
                subject=f"{kind} {name}",
                message=f"`{name}` calls `{found.group(0)}`: it would go on calling that project",
                hint="Change the address on the target before the cutover",
            )
    yield from _scheduled(context.source)


def _scheduled(side: Side) -> Iterator[Finding]:
    known = any(record["extension"] == "pg_cron" for record in side.catalog("extensions"))
    if not side.is_live or not known:
        return
    for job, command in side.rows("select coalesce(jobname, jobid::text), command from cron.job"):
        if found := _ADDRESS.search(command):
            yield Finding(
                check="preflight.addresses",
                severity=Severity.WARNING,
                subject=f"cron {job}",
                message=f"scheduled job `{job}` calls `{found.group(0)}`",
                hint="Schedule it with the target's address after the cutover",
            )


@validator(
    "preflight.app-settings",
    title="What functions read of `app.settings` is set on the target",
    stage=Stage.PREFLIGHT,
    needs=("target",),
)
def app_settings(context: CheckContext) -> Iterable[Finding]:
    """Find readers of settings that new deployments do not have any more."""
    there = {str(r["setting"]) for r in context.target.catalog("database_settings")}
    for kind, name, text in _texts(context.source):
        for setting in sorted(set(_APP_SETTING.findall(text)) - there):
            yield Finding(
                check="preflight.app-settings",
                severity=Severity.WARNING,
                subject=f"{kind} {name} {setting}",
                message=f"`{name}` reads `{setting}`, which the target does not set",
                hint=f"Run `alter database postgres set {setting} = ...` on the target",
            )


@validator(
    "preflight.auth-users",
    title="The Auth server can read every user",
    stage=Stage.PREFLIGHT,
    needs=("source",),
)
def auth_users(context: CheckContext) -> Iterable[Finding]:
    """Count users that the Auth server cannot read: one of them breaks the list of all."""
    columns = {
        str(r["column"]): r
        for r in context.source.catalog("columns")
        if r["schema"] == "auth" and r["table"] == "users"
    }
    conditions = [
        (f"{name} is NULL", sql.SQL("{} is null").format(sql.Identifier(name)))
        for name in AUTH_NEVER_NULL
        if name in columns
    ]
    if "instance_id" in columns:
        odd = sql.SQL("instance_id is distinct from {}::uuid").format(AUTH_INSTANCE)
        conditions.append(("instance_id is not all zeros", odd))
    if "encrypted_password" in columns:
        sealed = sql.SQL("encrypted_password like {}").format('{"key_id"%')
        conditions.append(("the password is encrypted by the platform", sealed))
    if not conditions:
        message = "the source has no table `auth.users` as the Auth server makes it"
        raise Unavailable(message)
    yield from _counted(context.source, conditions)


def _counted(side: Side, conditions: list[tuple[str, sql.Composed]]) -> Iterator[Finding]:
    counts = sql.SQL(", ").join(
        sql.SQL("count(*) filter (where {})").format(condition) for _, condition in conditions
    )
    query = sql.SQL("select {} from auth.users").format(counts)
    for (words, _), count in zip(conditions, side.rows(query.as_string())[0], strict=True):
        if count:
            yield Finding(
                check="preflight.auth-users",
                severity=Severity.WARNING,
                subject=words,
                message=f"{count:,} users of `auth.users`: {words}",
                hint="The Auth server cannot sign such users in, nor list users; update them",
                evidence={"users": count},
            )


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the preflight checks of the project's own content."""
    return [addresses, app_settings, auth_users]
