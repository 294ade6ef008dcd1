"""A backup into a database: filled by pg_restore, and put in the place of the target's.

The target is not touched before a whole database stands beside it: both change names in one
transaction, so that an interrupted restore leaves the target as it was.
"""

from __future__ import annotations

import contextlib
import tempfile
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from supamig import pgtools
from supamig.archive import entry_of, for_server
from supamig.backup.manifest import DUMP, ROLES
from supamig.backup.taking import contents
from supamig.errors import StepFailed
from supamig.postgres import connect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from supamig.archive import Entry
    from supamig.backup.manifest import Backup
    from supamig.backup.scratch import Scratch
    from supamig.pgtools import Tools
    from supamig.postgres import Connection
    from supamig.secret import Secret

#: Extensions that a server has in one database only, with the schema that they keep rows in.
BOUND = {"pg_cron": "cron"}
#: For functions of indexes that count on it while statistics are gathered.
_USUAL = '"$user", public, extensions'
#: Bytes of a name; Postgres cuts off what is longer.
_LONGEST = 63
#: How often sessions are ended, which services open again at once, before it is given up.
_ATTEMPTS = 5
_TERMINATE = """
    select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
    where datname = any(%s) and pid <> pg_catalog.pg_backend_pid()
"""
#: Begins the SQL of each entry of a dump.
_BLOCK = b"\n--\n-- Name: "
_OF_PSQL = (b"\\connect ", b"\\restrict ", b"\\unrestrict ")
# a role that the server had keeps its password: the services there log in with it
_KEEP = """
begin;
create temporary table kept on commit drop as
  select rolname, rolpassword from pg_catalog.pg_authid where rolname <> all ({});
"""
_PUT_BACK = r"""
select pg_catalog.format('alter role %I password %L', a.rolname, k.rolpassword)
from kept k join pg_catalog.pg_authid a using (rolname)
where a.rolpassword is distinct from k.rolpassword \gexec
commit;
"""


def tools_for(backup: Backup, *, pg_bin: Path | None) -> Tools:
    """Return tools that read the dump; raise `ToolTooOld` or `ToolMissing`."""
    return pgtools.choose(backup.dump_major, pg_bin=pg_bin)


def parted(listing: Iterable[str]) -> tuple[list[str], list[str]]:
    """Part the entries of a dump: those for any database, those of extensions bound to one."""
    entries = [entry_of(line) for line in listing]
    extensions = {one.rest.split(" ")[1] for one in entries if one.type == "EXTENSION"}
    bound = [(name, schema) for name, schema in BOUND.items() if name in extensions]
    anywhere = [one.line for one in entries if not any(_belongs(one, *b) for b in bound)]
    there = set(anywhere)
    return anywhere, [one.line for one in entries if one.line not in there]


def _belongs(entry: Entry, extension: str, schema: str) -> bool:
    heads = (f"- {extension} ", f"- EXTENSION {extension} ", f"- SCHEMA {schema} ", f"{schema} ")
    return f"{entry.rest} ".startswith(heads)


def fill(dsn: Secret, backup: Backup, entries: Sequence[str], *, tools: Tools, jobs: int) -> None:
    """Restore entries of the dump; raise `ToolFailed` at the first error."""
    where, environment = pgtools.connection_arguments(dsn)
    with _text("\n".join(entries) + "\n") as chosen:
        command = [tools.program("pg_restore"), "--exit-on-error", "--no-password"]
        command += [f"--jobs={jobs}", f"--use-list={chosen}", *where]
        pgtools.run([*command, str(backup.path / DUMP)], environment=environment)


def restore_roles(dsn: Secret, backup: Backup, scratch: Scratch, *, tools: Tools) -> None:
    """Give the roles what the backup says of them, in one transaction; raise `ToolFailed`.

    All of them are there: those that were missing came with the scratch database.
    """
    kept = sql.SQL(_KEEP).format(sql.Literal(list(scratch.roles))).as_string(scratch.outside)
    unmarked = "".join(
        sql.SQL("comment on role {} is null;\n").format(sql.Identifier(role)).as_string()
        for role in scratch.roles
    )
    lines = (backup.path / ROLES).read_text(encoding="utf-8").split("\n")
    there = set(_creations(scratch.outside))
    text = "\n".join(line for line in lines if line not in there)
    where, environment = pgtools.connection_arguments(dsn)
    with _text(kept + unmarked + text + _PUT_BACK) as script:
        command = [tools.program("psql"), "--no-psqlrc", "--no-password", "--quiet"]
        command += ["--set=ON_ERROR_STOP=1", f"--file={script}", *where]
        pgtools.run(command, environment={**environment, "PGCLIENTENCODING": "UTF8"})


def _creations(connection: Connection) -> Iterator[str]:
    """Yield the lines with which pg_dumpall creates the roles that are there."""
    query = "select rolname, pg_catalog.quote_ident(rolname) from pg_catalog.pg_roles"
    for name, quoted in connection.execute(query).fetchall():
        yield f"CREATE ROLE {quoted};"
        yield f"CREATE ROLE {sql.Identifier(name).as_string(connection)};"


@contextlib.contextmanager
def _text(content: str) -> Iterator[str]:
    """Give the path of a private file with this content, removed at the end."""
    with tempfile.NamedTemporaryFile("w", prefix="supamig-", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        yield file.name


def swap(scratch: Scratch, backup: Backup, *, target: str, parked: str, tools: Tools) -> bool:
    """Give the restored database the target's name, and the target's another one.

    Sessions of the target are ended.  What is set for the database as a whole comes from the dump;
    return whether it could: not where another database has the name that it had.
    """
    properties = _properties(backup, tools, major=scratch.outside.info.server_version // 10000)
    scratch.keeper.close()
    for attempt in range(1, _ATTEMPTS + 1):
        scratch.outside.execute(_TERMINATE, ([target, scratch.name],))
        try:
            return _rename(scratch, backup.database, target, parked, properties)
        except psycopg.errors.ObjectInUse as error:
            if attempt == _ATTEMPTS:
                raise StepFailed(
                    f"`{target}` stays in use: {error.diag.message_detail or 'others connect'}",
                    hint="Stop the services that use it, then run the same command again",
                ) from error
    return False


def _rename(scratch: Scratch, archived: str, target: str, parked: str, properties: bytes) -> bool:
    with scratch.outside.transaction():
        named = scratch.name
        _call(scratch.outside, target, parked)
        scratch.outside.execute(
            sql.SQL("comment on database {} is null").format(sql.Identifier(named))
        )
        same = scratch.outside.execute(
            "select from pg_catalog.pg_database where datname = %s", (archived,)
        )
        is_free = same.fetchone() is None
        if is_free:
            # the dump's own statements name the database as it was called
            _call(scratch.outside, named, archived)
            scratch.outside.execute(properties)
            named = archived
        _call(scratch.outside, named, target)
    return is_free


def _call(connection: Connection, name: str, another: str) -> None:
    if name != another:
        statement = sql.SQL("alter database {} rename to {}")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(another)))


def _properties(backup: Backup, tools: Tools, *, major: int) -> bytes:
    """Return what the dump sets for its database: parameters, comment, rights."""
    program = tools.program("pg_restore")
    dump = str(backup.path / DUMP)
    listing = pgtools.run([program, "--list", "--create", dump]).decode().split("\n")
    entries = [entry_of(line) for line in listing if line and not line.startswith(";")]
    chosen = [
        one.line
        for one in entries
        if one.type == "DATABASE PROPERTIES"
        or (one.type in {"ACL", "COMMENT"} and one.rest.startswith("- DATABASE "))
    ]
    if not chosen:
        return b""
    with _text("\n".join(chosen) + "\n") as file:
        text = pgtools.run([program, "--create", f"--use-list={file}", "--file=-", dump])
    # pg_restore creates the database and connects to it, whatever is chosen: that goes
    head, *blocks = for_server(text, target_major=major).split(_BLOCK)
    kept = [one for one in blocks if b"; Type: DATABASE; " not in one.partition(b"\n")[0]]
    lines = _BLOCK.join([head, *kept]).split(b"\n")
    return b"\n".join(line for line in lines if not line.startswith(_OF_PSQL))


def parked_name(target: str, stamp: str) -> str:
    """Name the database that was the target's, within the bytes that a name may have."""
    suffix = f"_before_{stamp}"
    kept = target.encode()[: _LONGEST - len(suffix)].decode(errors="ignore")
    return kept + suffix


def drop_parked(connection: Connection, parked: str) -> bool:
    """Drop the database that was the target's; tell whether it is gone."""
    try:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(parked)))
    except psycopg.errors.ObjectInUse:
        return False  # a replication slot is in it
    return True


def complete(dsn: Secret, backup: Backup, *, tools: Tools, timeout: float) -> None:
    """Restore what only a database of the right name can have, and gather statistics."""
    _, bound = parted(contents(tools, backup.path / DUMP))
    if bound:
        fill(dsn, backup, bound, tools=tools, jobs=1)
    with contextlib.closing(
        connect(dsn, label="target", read_only=False, timeout=timeout)
    ) as connection:
        connection.execute("select pg_catalog.set_config('search_path', %s, false)", (_USUAL,))
        with contextlib.suppress(psycopg.errors.UndefinedFunction, psycopg.errors.UndefinedTable):
            connection.execute("analyze")
        connection.execute("notify pgrst, 'reload schema'")
