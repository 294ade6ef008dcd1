"""Rows of `auth` that keep people out: each kind is one query, and names the users by id.

One row that cannot be read also takes the list of all users away from administrators.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from supamig.catalog import AUTH_INSTANCE, AUTH_NEVER_NULL
from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity, Stage
from supamig.protocols import Unavailable, Validator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from supamig.protocols import CheckContext, Side

#: So many users are named; the others are counted.
_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A kind of row: which rows of ``table`` are so, and what follows for the users they name.

    ``condition`` is SQL, or is made of the columns that the table has.  Where ``by_source`` is set
    the rows are an error only if the source's user is not so too.
    """

    check: str
    title: str
    message: str
    hint: str
    condition: str | Callable[[frozenset[str]], str]
    table: str = "users"
    user: str = "id"
    severity: Severity = Severity.ERROR
    by_source: bool = False


def _nulls(columns: frozenset[str]) -> str:
    return " or ".join(f"{name} is null" for name in AUTH_NEVER_NULL if name in columns)


RULES = (
    Rule(
        check="auth.rows-null",
        title="Every user can be read by the Auth server",
        message="have NULL in a column that the Auth server reads as text: they cannot sign in"
        " (500), and nobody can list users",
        hint="Put '' into their token columns, and dates into `created_at` and `updated_at`",
        condition=_nulls,
    ),
    Rule(
        check="auth.rows-instance",
        title="Every user is of the instance that the Auth server looks in",
        message="have another `instance_id` than all zeros: the Auth server does not see them",
        hint=f"Set their `instance_id` to {AUTH_INSTANCE}",
        condition=f"instance_id is distinct from '{AUTH_INSTANCE}'::uuid",
    ),
    Rule(
        check="auth.rows-audience",
        title="Every user has the audience that the Auth server looks for",
        message="have another `aud` than `authenticated`: they cannot sign in and are not listed",
        hint="Set their `aud` to `authenticated`, unless GOTRUE_JWT_AUD is theirs",
        condition="aud is distinct from 'authenticated'",
    ),
    Rule(
        check="auth.rows-encrypted",
        title="No password is encrypted with a key that stays with the platform",
        message="have a password that the platform has encrypted: they cannot sign in (500)",
        hint="Their way in is a link to a new password; plan to send them one",
        condition="encrypted_password like '{\"key_id\"%'",
    ),
    Rule(
        check="auth.rows-passwords",
        title="Every password hash is of a kind that the Auth server knows",
        message="have a password hash that is neither bcrypt, argon2 nor Firebase's scrypt: they"
        " cannot sign in",
        hint="Their way in is a link to a new password; or ask where the hashes come from",
        condition="coalesce(encrypted_password, '') <> '' and encrypted_password !~"
        r" '^(\$2[abxy]\$\d\d\$|\$argon2(id|i)\$|\$fbscrypt\$)'"
        " and encrypted_password not like '{\"key_id\"%'",
    ),
    Rule(
        check="auth.rows-identities",
        title="Every user has the identities that she had on the source",
        message="have no identity: they cannot link or unlink a provider, and a sign-in by one"
        " makes a second user",
        hint="Move the rows of `auth.identities` too",
        condition="not is_sso_user and not is_anonymous and not exists"
        " (select from auth.identities i where i.user_id = t.id)",
        by_source=True,
    ),
    Rule(
        check="auth.rows-identity-dates",
        title="Every identity can be read by the Auth server",
        message="have an identity without `created_at` or `updated_at`: they cannot sign in (500)",
        hint="Put the dates of the user there",
        condition="created_at is null or updated_at is null",
        table="identities",
        user="user_id",
    ),
    Rule(
        check="auth.rows-sessions",
        title="Every refresh token has the session that it prolongs",
        message="have refresh tokens whose session is not there: they must sign in anew",
        hint="Move the rows of `auth.sessions` too",
        condition="not revoked and session_id is not null and not exists"
        " (select from auth.sessions s where s.id = t.session_id)",
        table="refresh_tokens",
        user="user_id",
        by_source=True,
    ),
)


def _columns(side: Side, table: str) -> frozenset[str]:
    records = side.catalog("columns")
    return frozenset(
        str(r["column"]) for r in records if r["schema"] == "auth" and r["table"] == table
    )


def _found(side: Side, rule: Rule) -> tuple[int, list[str]]:
    """Count the users of a rule, and name the first ones."""
    columns = _columns(side, rule.table)
    condition = rule.condition if isinstance(rule.condition, str) else rule.condition(columns)
    if not columns or not condition:
        raise Unavailable(
            f"the {side.label} has no table `auth.{rule.table}` as the server makes it"
        )
    query = sql.SQL(
        "select count(*) over (), {user}::text from (select distinct {user} from auth.{table} t"
        " where {condition}) as found order by {user} limit {most}"
    ).format(
        user=sql.Identifier(rule.user),
        table=sql.Identifier(rule.table),
        condition=sql.SQL(condition),
        most=sql.Literal(_NAMED),
    )
    rows = side.rows(query)
    return (rows[0][0] if rows else 0), [str(row[1]) for row in rows]


def _check(rule: Rule) -> Validator:
    def run(context: CheckContext) -> Iterator[Finding]:
        count, users = _found(context.target, rule)
        if not count:
            return
        severity, more = rule.severity, ""
        if rule.by_source and context.source.is_live:
            before = _found(context.source, rule)[0]
            if before >= count:
                severity, more = Severity.WARNING, "; so it is on the source"
        yield Finding(
            check=rule.check,
            severity=severity,
            subject="auth." + rule.table,
            message=f"{count:,} user{'s' if count > 1 else ''} {rule.message}{more}",
            hint=rule.hint,
            evidence={"users": count, "first ids": users},
        )

    return Validator(
        id=rule.check,
        title=rule.title,
        run=run,
        stage=Stage.CUTOVER,
        timeout=120,
        needs=("target",),
    )


_SEQUENCE = "auth.rows-sequence"
_BEHIND = """
select s.last_value + (case when s.is_called then 1 else 0 end), m.highest
from auth.refresh_tokens_id_seq s, (select max(id) from auth.refresh_tokens) as m(highest)
"""


def _sequence(context: CheckContext) -> Iterable[Finding]:
    """Find the one sequence of `auth` that gives a number which is taken."""
    try:
        rows = context.target.rows(_BEHIND)
    except psycopg.errors.UndefinedTable as error:
        message = "the target has no `auth.refresh_tokens` as the Auth server makes it"
        raise Unavailable(message) from error
    for after, highest in rows:
        if highest is not None and after <= highest:
            yield Finding(
                check=_SEQUENCE,
                severity=Severity.ERROR,
                subject="auth.refresh_tokens_id_seq",
                message=f"`auth.refresh_tokens_id_seq` gives {after} next, and {highest} is taken:"
                " every sign-in fails (500, 23505)",
                hint=f"`select setval('auth.refresh_tokens_id_seq', {highest})` on the target",
                evidence={"next": after, "in use": highest},
            )


sequence = Validator(
    id=_SEQUENCE,
    title="New sessions get a number that is free",
    run=_sequence,
    stage=Stage.CUTOVER,
    timeout=120,
    needs=("target",),
)


@hookimpl
def supamig_auth_checkers() -> list[Validator]:
    """Hand over the checks of rows."""
    return [*map(_check, RULES), sequence]
