"""What runs by itself or when called: functions, triggers, event triggers."""

# ruff: noqa: S608 - only constants of this package are joined

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.catalog.kind import OF_USER_FUNCTION, Catalog, dotted, of_user, own, plain

if TYPE_CHECKING:
    from supamig.models import Record


def _signature(record: Record) -> str:
    return f"{dotted('schema', 'function')(record)}({record['arguments']})"


# pg_proc, pg_aggregate.  The identity holds types only: a renamed argument is a changed function.
FUNCTIONS = Catalog(
    kind="functions",
    naming=_signature,
    sql="""
    select n.nspname as schema, p.proname as function,
           coalesce((select string_agg(format_type(a.type, null), ', ' order by a.place)
                     from unnest(p.proargtypes) with ordinality as a(type, place)), '')
             as arguments,
           p.prokind::text as kind,
           case when p.prokind <> 'a' then pg_get_functiondef(p.oid) else
             concat_ws(E'\\n',
               'aggregate (' || pg_get_function_arguments(p.oid) || ')',
               'kind ' || g.aggkind::text || ' direct ' || g.aggnumdirectargs,
               'sfunc ' || g.aggtransfn::regprocedure,
               'stype ' || format_type(g.aggtranstype, null) || ' space ' || g.aggtransspace,
               'finalfunc ' || g.aggfinalfn::regprocedure || ' ' || g.aggfinalextra
                 || ' ' || g.aggfinalmodify::text,
               'combinefunc ' || g.aggcombinefn::regprocedure,
               'serialfunc ' || g.aggserialfn::regprocedure,
               'deserialfunc ' || g.aggdeserialfn::regprocedure,
               'msfunc ' || g.aggmtransfn::regprocedure,
               'minvfunc ' || g.aggminvtransfn::regprocedure,
               'mfinalfunc ' || g.aggmfinalfn::regprocedure || ' ' || g.aggmfinalextra
                 || ' ' || g.aggmfinalmodify::text,
               'mstype ' || format_type(nullif(g.aggmtranstype, 0), null) || ' space '
                 || g.aggmtransspace,
               'sortop ' || nullif(g.aggsortop, 0)::regoperator,
               'initcond ' || quote_literal(g.agginitval),
               'minitcond ' || quote_literal(g.aggminitval),
               'parallel ' || p.proparallel::text)
           end as definition,
           pg_get_function_result(p.oid) as result,
           pg_get_userbyid(p.proowner)::text as owner, l.lanname as language,
           p.prosecdef as security_definer, p.provolatile::text as volatility,
           coalesce(p.proconfig, '{}') as settings, coalesce(p.prosrc, '') as source
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    join pg_language l on l.oid = p.prolang
    left join pg_aggregate g on g.aggfnoid = p.oid
    where """
    + OF_USER_FUNCTION,
)

# pg_trigger; those that a partition has from its parent are made again with the parent's, and named
# only where they are enabled otherwise
TRIGGERS = Catalog(
    kind="triggers",
    naming=dotted("schema", "table", "trigger"),
    sql="""
    with recursive parts(root, enabled, part) as (
      select t.oid, t.tgenabled, t.oid from pg_trigger t
      where t.tgparentid = 0 and not t.tgisinternal
      union all
      select p.root, p.enabled, t.oid from parts p join pg_trigger t on t.tgparentid = p.part
    ), apart as (
      select p.root, array_agg(quote_ident(n.nspname) || '.' || quote_ident(c.relname) || ' '
                               || t.tgenabled::text order by n.nspname, c.relname) as partitions
      from parts p
      join pg_trigger t on t.oid = p.part and t.tgenabled <> p.enabled
      join pg_class c on c.oid = t.tgrelid
      join pg_namespace n on n.oid = c.relnamespace
      group by p.root
    )
    select n.nspname as schema, c.relname as "table", t.tgname as trigger,
           pg_get_triggerdef(t.oid) as definition, t.tgenabled::text as enabled,
           coalesce(a.partitions, '{}') as partitions, p.proname as function,
           pn.nspname as function_schema,
           c.relkind::text as relation_kind, pg_get_userbyid(c.relowner)::text as table_owner
    from pg_trigger t
    join pg_class c on c.oid = t.tgrelid
    join pg_namespace n on n.oid = c.relnamespace
    join pg_proc p on p.oid = t.tgfoid
    join pg_namespace pn on pn.oid = p.pronamespace
    left join apart a on a.root = t.oid
    where not t.tgisinternal and t.tgparentid = 0
      and """
    + of_user("pg_class", "c.oid"),
)

# pg_event_trigger
EVENT_TRIGGERS = Catalog(
    kind="event_triggers",
    naming=plain("trigger"),
    sql="""
    select e.evtname as trigger, e.evtevent as event, coalesce(e.evttags, '{}') as tags,
           p.proname as function, n.nspname as function_schema, e.evtenabled::text as enabled,
           pg_get_userbyid(e.evtowner)::text as owner
    from pg_event_trigger e
    join pg_proc p on p.oid = e.evtfoid
    join pg_namespace n on n.oid = p.pronamespace
    where """
    + own("pg_event_trigger", "e.oid"),
)

CATALOGS = (FUNCTIONS, TRIGGERS, EVENT_TRIGGERS)
