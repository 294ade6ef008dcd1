"""The administration of users: all of them are listed, and they are those of this database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Unavailable
from supamig.services import auth_checker
from supamig.services.users import KNOWN, is_ours

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from supamig.protocols import Validator
    from supamig.services import ServiceContext

_CHECK = "auth.admin-api"
_OURS = "auth.same-database"
_ONE = """
select id::text from auth.users
where instance_id = '00000000-0000-0000-0000-000000000000' and not is_sso_user limit 1
"""
_SERVER_ERROR = 500
_NOT_FOUND = 404


@auth_checker(_CHECK, title="Administrators can list all users")
def admin_api(context: ServiceContext) -> Iterable[Finding]:
    """Ask for one page of users: one row that cannot be read takes the whole list away."""
    answer = context.target_api.call("GET", "/auth/v1/admin/users?per_page=50", key="service")
    if answer.is_ok and isinstance(answer.get("users"), list):
        return
    hint = "Is the service role key the target's?"
    if answer.status >= _SERVER_ERROR:
        hint = "One row of `auth.users` is enough for that: see the checks `auth.rows-...`"
    yield Finding(
        check=_CHECK,
        severity=Severity.ERROR,
        message=f"the list of users is answered {answer.said}",
        hint=hint,
    )


@auth_checker(_OURS, title="The services work on the database that was moved to", needs=("target",))
def same_database(context: ServiceContext) -> Iterable[Finding]:
    """Look in the database for the users that the Auth server lists, and count them."""
    answer = context.target_api.call("GET", "/auth/v1/admin/users?per_page=50", key="service")
    users = answer.get("users")
    if not answer.is_ok or not isinstance(users, list):
        return  # `auth.admin-api` says so
    # a check that runs beside this one makes users and removes them
    found = [user for user in users if isinstance(user, dict)]
    listed = {str(one.get("id")) for one in found if not is_ours(str(one.get("email")))}
    known = {str(row[0]) for row in context.target.rows(KNOWN, [sorted(listed)])}
    if listed - known or (not found and not _knows_one(context)):
        yield Finding(
            check=_OURS,
            severity=Severity.ERROR,
            message=f"the services at {context.target_api.api.url} list users that the target's"
            " database does not have",
            hint="Address and connection string are of two projects: check SUPAMIG_TARGET_URL and"
            " SUPAMIG_TARGET_DSN",
            evidence={"users listed": len(listed), "of them in the database": len(known)},
        )
        return
    yield from _new_user(context)


def _new_user(context: ServiceContext) -> Iterator[Finding]:
    """Look for a new user, where one may be made: a copy has the old ones too."""
    try:
        user = context.throwaway()
    except Unavailable:
        return
    if not context.target.rows(KNOWN, [[user.id]]):
        yield Finding(
            check=_OURS,
            severity=Severity.ERROR,
            message=f"a new user at {context.target_api.api.url} is not in the target's database",
            hint="The services work on a copy, or on the source: check SUPAMIG_TARGET_URL",
        )


def _knows_one(context: ServiceContext) -> bool:
    """Ask the Auth server, which lists nobody, for a user of the database."""
    rows = context.target.rows(_ONE)
    if not rows:
        return True
    path = f"/auth/v1/admin/users/{rows[0][0]}"
    return context.target_api.call("GET", path, key="service").status != _NOT_FOUND


@hookimpl
def supamig_auth_checkers() -> list[Validator]:
    """Hand over the checks of the administration."""
    return [admin_api, same_database]
