"""Roles, memberships and the settings of roles."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from supamig.catalog import is_reserved
from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.parameters import why_left
from supamig.protocols import Validator, validator
from supamig.validators.compare import Rule, Sides, changed, compare, extra, missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from supamig.models import Record
    from supamig.protocols import CheckContext

#: Roles that requests from outside run as: more rights here open the whole project.
API_ROLES = frozenset({"anon", "authenticated", "authenticator"})

_ROLES = Rule(
    check="security.roles",
    kind="roles",
    noun="role",
    attributes={
        "superuser": "SUPERUSER",
        "inherit": "INHERIT",
        "create_role": "CREATEROLE",
        "create_db": "CREATEDB",
        "login": "LOGIN",
        "replication": "REPLICATION",
        "bypass_rls": "BYPASSRLS",
        "connection_limit": "connection limit",
        "valid_until": "valid until",
        "comment": "comment",
    },
    soft=frozenset({"comment"}),
    extra=Severity.WARNING,
    hint="Create or alter the role on the target, as `supabase_admin`",
)
_POWERS = {"superuser": "SUPERUSER", "bypass_rls": "BYPASSRLS", "create_role": "CREATEROLE"}
_MEMBERSHIPS = Rule(
    check="security.memberships",
    kind="memberships",
    noun="membership",
    attributes={"admin": "ADMIN option", "inherit": "INHERIT option", "set": "SET option"},
    hint="Grant or revoke the role on the target, as `supabase_admin`",
)
_OLDER_MEMBERSHIPS = Rule(
    check="security.memberships",
    kind="memberships",
    noun="membership",
    attributes={"admin": "ADMIN option"},
    hint=_MEMBERSHIPS.hint,
)
#: Options of a membership came with Postgres 16.
_SINCE_OPTIONS = 16
_SETTINGS = Rule(
    check="security.role-settings",
    kind="role_settings",
    noun="setting",
    attributes={"digest": "value"},
    hint="Run `alter role ... set ...` on the target",
)


@validator("security.roles", title="Roles and their attributes", needs=("target",))
def roles(context: CheckContext) -> Iterable[Finding]:
    """Find roles of the user that differ, and roles of the API that became powerful."""
    sides = Sides(context)
    yield from compare(_ROLES, sides, lambda r: not r["reserved"])
    source, target = sides.read("roles", lambda r: r["role"] in API_ROLES)
    for name in sorted(source.keys() & target.keys()):
        gained = [w for k, w in _POWERS.items() if target[name][k] and not source[name][k]]
        if gained:
            yield Finding(
                check="security.roles",
                severity=Severity.ERROR,
                subject=name,
                message=f"role `{name}` has {', '.join(gained)} on the target only",
                hint=f"Run `alter role {name} no{gained[0].lower()}` on the target",
            )


@validator("security.memberships", title="Who is a member of which role", needs=("target",))
def memberships(context: CheckContext) -> Iterable[Finding]:
    """Find memberships that are missing, extra or have other options."""
    sides = Sides(context)
    known, their_known = sides.read("roles")
    both = {str(name) for name in known.keys() & their_known.keys()}
    rule = _MEMBERSHIPS if min(sides.majors) >= _SINCE_OPTIONS else _OLDER_MEMBERSHIPS

    def keep(record: Record) -> bool:
        role, member = str(record["role"]), str(record["member"])
        return member in both and (role in both or role.startswith("pg_"))

    source, target = sides.read("memberships", keep)
    for name in sorted(source.keys() | target.keys()):
        record = source.get(name) or target[name]
        # among themselves the platform's roles are joined as each platform needs it
        own = is_reserved(str(record["role"])) and is_reserved(str(record["member"]))
        if name not in source:
            if not own or record["member"] in API_ROLES:
                yield extra(rule, name)
        elif own:
            continue
        elif name not in target:
            yield missing(rule, name)
        else:
            yield from changed(rule, name, source[name], target[name], sides.majors)


@validator("security.role-settings", title="Settings of roles", needs=("target",))
def role_settings(context: CheckContext) -> Iterable[Finding]:
    """Find settings of roles that the target lacks or has otherwise."""
    sides = Sides(context)
    known, their_known = sides.read("roles")
    both = {str(name) for name in known.keys() & their_known.keys()}

    def is_the_users(record: Record) -> bool:
        return record["role"] in both and not is_reserved(str(record["role"]))

    source, _ = sides.read("role_settings")
    left = {name for name, record in source.items() if why_left(record)}
    for finding in compare(_SETTINGS, sides, is_the_users):
        soft = finding.subject in left
        yield replace(finding, severity=Severity.WARNING) if soft else finding
    yield from _platform_settings(sides)


def _platform_settings(sides: Sides) -> Iterator[Finding]:
    """Warn of settings of the platform's roles that the user may have changed."""
    source, target = sides.read("role_settings", lambda r: is_reserved(str(r["role"])))
    for name, record in source.items():
        if name in target and target[name]["digest"] == record["digest"]:
            continue
        there = target[name]["value"] if name in target else "not set"
        yield Finding(
            check="security.role-settings",
            severity=Severity.WARNING,
            subject=name,
            message=f"setting `{record['setting']}` of the platform's role `{record['role']}` is"
            " another on the target",
            hint="Set it on the target if the project, not the platform, had set it",
            evidence={"source": record["value"], "target": there},
        )


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the checks of roles."""
    return [roles, memberships, role_settings]
