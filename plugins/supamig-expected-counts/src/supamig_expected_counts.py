"""A check for supamig: tables on the target hold as many rows as a file promises."""

from __future__ import annotations

import operator
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg import sql

from supamig import Finding, Severity, hookimpl, validator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from supamig import CheckContext, Settings, Validator

CHECK = "expected-counts.rows"

_COMPARE = {
    "": operator.eq,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_FORM = re.compile(r"(>=|<=|>|<|)\s*(\d{1,18})")

# pg_class, pg_namespace: whatever rows can be counted in
_PRESENT = """
    select n.nspname, c.relname
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f')
      and (n.nspname, c.relname) in (select s, t from unnest(%s::text[], %s::text[]) as w (s, t))
"""


@dataclass(frozen=True, slots=True, order=True)
class Promise:
    """How many rows a table should hold: exactly ``number``, or as ``comparison`` says."""

    schema: str
    table: str
    comparison: str
    number: int

    @property
    def subject(self) -> str:
        """The table, as people write it."""
        return f"{self.schema}.{self.table}"

    @property
    def text(self) -> str:
        """The number, with its comparison."""
        return f"{self.comparison} {self.number:,}".strip()

    def is_kept(self, rows: int) -> bool:
        """Whether so many rows are what was promised."""
        return bool(_COMPARE[self.comparison](rows, self.number))


class NotPromisesError(Exception):
    """The file cannot be read as promises; says where and why."""


@hookimpl
def supamig_validators(settings: Settings) -> Iterable[Validator]:
    """Hand over the check where supamig.toml has a table for it."""
    return [expected_counts] if "expected-counts" in settings.plugin_options else []


@validator(CHECK, title="Tables hold the rows that were promised", needs=("target",))
def expected_counts(context: CheckContext) -> Iterator[Finding]:
    """Count the promised tables on the target, all in one query."""
    name = str(context.options.get("file", ""))
    try:
        promises = read(Path(name)) if name else ()
    except NotPromisesError as error:
        yield _problem(name, str(error), 'Write lines such as `orders = 1204` or `users = ">= 10"`')
        return
    if not promises:
        hint = 'Write `file = "expected_counts.toml"` under [plugins.expected-counts], and promises'
        yield _problem(name, "no row counts are promised, so nothing was compared", hint)
        return
    present = _present(context, promises)
    counted = _count(context, [promise for promise in promises if promise in present])
    for promise in promises:
        rows = counted.get(promise)
        if rows is None:
            hint = f"Correct the name in `{name}`, or find out why the table did not arrive"
            yield _problem(
                promise.subject,
                f"`{promise.subject}` is not on the target, and {promise.text} rows are promised",
                hint,
                promised=promise.text,
            )
        elif not promise.is_kept(rows):
            yield _problem(
                promise.subject,
                f"`{promise.subject}` has {rows:,} rows on the target, promised: {promise.text}",
                "Compare the source: rows were lost or added, or the promise is out of date",
                promised=promise.text,
                found=rows,
            )


def read(path: Path) -> tuple[Promise, ...]:
    """Read the promises of a TOML file, sorted by table; raise `NotPromisesError` if it has none.

    `orders = 11` and `"public.orders" = 11` speak of the schema public; `auth.users = 6` and a
    line `users = 6` under `[auth]` of another.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotPromisesError(f"`{path}` cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise NotPromisesError(f"`{path}` is not TOML: {error}") from error
    promises: dict[tuple[str, str], Promise] = {}
    for schema, table, value in _flat(tables):
        if (schema, table) in promises:
            raise NotPromisesError(f"`{path}` promises `{schema}.{table}` twice")
        promises[schema, table] = _promise(path, schema, table, value)
    return tuple(sorted(promises.values()))


def _flat(tables: Mapping[str, Any]) -> Iterator[tuple[str, str, object]]:
    for key, value in tables.items():
        if isinstance(value, dict):
            yield from ((key, table, promised) for table, promised in value.items())
        else:
            schema, dot, table = key.partition(".")
            yield (schema, table, value) if dot else ("public", key, value)


def _promise(path: Path, schema: str, table: str, value: object) -> Promise:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    form = _FORM.fullmatch(str(value).strip()) if is_number or isinstance(value, str) else None
    if form is None:
        raise NotPromisesError(f"`{path}` promises {value!r} rows of `{schema}.{table}`")
    return Promise(schema, table, form[1], int(form[2]))


def _present(context: CheckContext, promises: Iterable[Promise]) -> set[Promise]:
    wanted = {(promise.schema, promise.table): promise for promise in promises}
    names = [[schema for schema, _ in wanted], [table for _, table in wanted]]
    return {wanted[schema, table] for schema, table in context.target.rows(_PRESENT, names)}


def _count(context: CheckContext, promises: list[Promise]) -> dict[Promise, int]:
    if not promises:
        return {}
    counts = [
        sql.SQL("select {}, count(*) from {}").format(
            sql.Literal(number), sql.Identifier(promise.schema, promise.table)
        )
        for number, promise in enumerate(promises)
    ]
    query = sql.SQL(" union all ").join(counts)
    return {promises[number]: rows for number, rows in context.target.rows(query)}


def _problem(subject: str, message: str, hint: str, **evidence: str | int) -> Finding:
    return Finding(
        check=CHECK,
        severity=Severity.ERROR,
        subject=subject,
        message=message,
        hint=hint,
        evidence=evidence,
    )
