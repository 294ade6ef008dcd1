"""Stands in for PostgREST's description of itself: what the caller's role may use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from supamig.testing.services.database import Session

_RELATIONS = """
select c.relname as name,
       has_table_privilege(c.oid, 'select') as "get",
       has_table_privilege(c.oid, 'insert') as "post",
       has_table_privilege(c.oid, 'update') as "patch",
       has_table_privilege(c.oid, 'delete') as "delete",
       array_agg(a.attname order by a.attnum) as columns,
       array_agg(format_type(a.atttypid, a.atttypmod) order by a.attnum) as types
from pg_class c join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where n.nspname = %s and c.relkind = any('{r,v,m,f,p}') and not c.relispartition
  and has_any_column_privilege(c.oid, 'select, insert, update, references')
group by c.oid order by c.relname
"""
_FUNCTIONS = """
select distinct p.proname as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname = %s and has_function_privilege(p.oid, 'execute') and p.prokind = 'f'
  and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
order by p.proname
"""


def describe(session: Session, schema: str) -> dict[str, Any]:
    """Return tables and functions in the form of OpenAPI 2."""
    relations = session.execute(_RELATIONS, [schema]).fetchall()
    functions = session.execute(_FUNCTIONS, [schema]).fetchall()
    verbs = ("get", "post", "patch", "delete")
    paths: dict[str, Any] = {"/": {"get": {"tags": ["Introspection"]}}}
    for one in relations:
        paths[f"/{one['name']}"] = {verb: {"tags": [one["name"]]} for verb in verbs if one[verb]}
    for one in functions:
        paths[f"/rpc/{one['name']}"] = {"post": {"tags": [f"(rpc) {one['name']}"]}}
    return {
        "swagger": "2.0",
        "info": {"title": "PostgREST API", "version": "14.17", "description": ""},
        "basePath": "/",
        "paths": paths,
        "definitions": {
            one["name"]: {
                "type": "object",
                "properties": {
                    column: {"format": kind}
                    for column, kind in zip(one["columns"], one["types"], strict=True)
                },
            }
            for one in relations
        },
    }
