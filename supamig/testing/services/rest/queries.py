"""Stands in for PostgREST's query strings: columns, filters, order and window become SQL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql

from supamig.testing.services.rest.problems import bad_query

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_RESERVED = {"select", "order", "limit", "offset", "columns", "on_conflict", "apikey", "and", "or"}
_OPERATORS = {
    "eq": "=", "neq": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<=",
    "like": "like", "ilike": "ilike", "match": "~", "imatch": "~*",
    "cs": "@>", "cd": "<@", "ov": "&&",
}  # fmt: skip
_IS = {"null": "null", "not_null": "not null", "true": "true", "false": "false",
       "unknown": "unknown"}  # fmt: skip
_COLUMN = re.compile(
    r"(?:(?P<alias>\w+):)?(?P<name>[\w ]+)(?P<path>(?:->>?\w+)*)(?:::(?P<cast>\w+))?"
)
_STEP = re.compile(r"(->>?)(\w+)")
_TEXT_CASTS = {"text", "int", "integer", "bigint", "numeric", "float", "json", "jsonb", "boolean",
               "uuid", "date", "timestamptz", "varchar"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Window:
    """Which rows of the answer are wanted; ``limit`` None is all that there are."""

    offset: int
    limit: int | None

    @property
    def clause(self) -> sql.Composable:
        """The end of a query."""
        limit = (
            sql.SQL(" limit {}").format(sql.Literal(self.limit))
            if self.limit is not None
            else sql.SQL("")
        )
        return limit + sql.SQL(" offset {}").format(sql.Literal(self.offset))


def columns(text: str, default: str = "*") -> sql.Composable:
    """Return the list of `select=`."""
    parts = [part.strip() for part in (text or default).split(",")]
    return sql.SQL(", ").join([_column(part) for part in parts])


def filters(query: Iterable[tuple[str, str]]) -> sql.Composable:
    """Return the `where` of all filters together."""
    found = [_filter(name, value) for name, value in query if name not in _RESERVED]
    return sql.SQL(" where ") + sql.SQL(" and ").join(found) if found else sql.SQL("")


def order(text: str) -> sql.Composable:
    """Return the `order by` of `order=`."""
    if not text:
        return sql.SQL("")
    return sql.SQL(" order by ") + sql.SQL(", ").join(_orders(text))


def window(query: dict[str, str], header: str, most: int | None) -> Window:
    """Return the window, from the query or else from the header `Range`."""
    begin, limit = 0, most
    if match := re.fullmatch(r"(?:items=)?(\d+)-(\d*)", header):
        begin = int(match[1])
        if match[2]:
            limit = _least(int(match[2]) - begin + 1, most)
    try:
        begin = int(query.get("offset", begin))
        if "limit" in query:
            limit = _least(int(query["limit"]), most)
    except ValueError as error:
        message = '"failed to parse limit or offset"'
        raise bad_query(message, str(error)) from error
    return Window(max(begin, 0), limit)


def field(text: str) -> sql.Composable:
    """Return a column, or a path into a JSON one."""
    match = _COLUMN.fullmatch(text)
    if match is None:
        raise bad_query(f'"failed to parse column ({text})"', "unexpected character")
    found: sql.Composable = sql.Identifier(match["name"])
    for arrow, step in _STEP.findall(match["path"] or ""):
        key = sql.Literal(int(step) if step.isdecimal() else step)
        found += sql.SQL(arrow) + key
    return found


def _column(part: str) -> sql.Composable:
    if part == "*":
        return sql.SQL("*")
    match = _COLUMN.fullmatch(part)
    if match is None:
        details = "the stand-in does not embed other tables"
        raise bad_query(f'"failed to parse select parameter ({part})"', details)
    found = field(part.partition("::")[0].removeprefix(f"{match['alias']}:"))
    if cast := match["cast"]:
        if cast not in _TEXT_CASTS:
            raise bad_query(f'"failed to parse select parameter ({part})"', "unexpected cast")
        found = sql.SQL("cast({} as {})").format(found, sql.SQL(cast))
    name = match["alias"] or (match["path"] and _STEP.findall(match["path"])[-1][1])
    return found + sql.SQL(" as {}").format(sql.Identifier(name)) if name else found


def _filter(name: str, text: str) -> sql.Composable:
    negated = text.startswith("not.")
    operator, dot, value = text.removeprefix("not.").partition(".")
    if not dot:
        raise bad_query(f'"failed to parse filter ({text})"', "unexpected end of input")
    left = field(name)
    found = left + sql.SQL(" ") + _condition(operator, value, text)
    return sql.SQL("not ({})").format(found) if negated else found


def _condition(operator: str, value: str, text: str) -> sql.Composable:
    if operator == "is":
        if value.lower() not in _IS:
            raise bad_query(f'"failed to parse filter ({text})"', "unexpected value of is")
        return sql.SQL("is " + _IS[value.lower()])
    if operator == "in":
        members = sql.SQL(", ").join([sql.Literal(one) for one in _members(value)])
        return sql.SQL("in ({})").format(members)
    if operator not in _OPERATORS:
        raise bad_query(f'"failed to parse filter ({text})"', f'unexpected "{operator[:1]}"')
    if operator in {"like", "ilike"}:
        value = value.replace("*", "%")
    return sql.SQL(_OPERATORS[operator] + " {}").format(sql.Literal(value))


def _members(value: str) -> Iterator[str]:
    if not (value.startswith("(") and value.endswith(")")):
        raise bad_query(f'"failed to parse filter (in.{value})"', 'expecting "("')
    for match in re.finditer(r'"((?:[^"\\]|\\.)*)"|([^,]+)', value[1:-1]):
        yield re.sub(r"\\(.)", r"\1", match[1]) if match[1] is not None else match[2]


def _orders(text: str) -> Iterator[sql.Composable]:
    for part in text.split(","):
        name, *words = part.split(".")
        found = field(name)
        for word in words:
            if word not in {"asc", "desc", "nullsfirst", "nullslast"}:
                raise bad_query(f'"failed to parse order ({text})"', f"unexpected {word}")
            found += sql.SQL(" " + word.replace("nulls", "nulls "))
        yield found


def _least(limit: int, most: int | None) -> int:
    return limit if most is None else min(limit, most)
