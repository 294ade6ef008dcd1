"""Tables and what hangs on them: columns, constraints, indexes, statistics; and views."""

# ruff: noqa: S608 - only constants of this package are joined

from __future__ import annotations

from supamig.catalog.kind import Catalog, dotted, of_user

# pg_class, pg_inherits, pg_index, pg_am, pg_foreign_table
TABLES = Catalog(
    kind="tables",
    naming=dotted("schema", "table"),
    sql="""
    with parents as (
      select i.inhrelid,
             array_agg(quote_ident(pn.nspname) || '.' || quote_ident(pc.relname)
                       order by i.inhseqno) as names
      from pg_inherits i
      join pg_class pc on pc.oid = i.inhparent and pc.relkind in ('r', 'p', 'f')
      join pg_namespace pn on pn.oid = pc.relnamespace
      group by i.inhrelid
    ), keys as (
      select x.indrelid, array_agg(a.attname::text order by k.place) as columns
      from pg_index x
      cross join lateral unnest(x.indkey) with ordinality as k(attnum, place)
      join pg_attribute a on a.attrelid = x.indrelid and a.attnum = k.attnum
      where x.indisprimary and k.place <= x.indnkeyatts
      group by x.indrelid
    )
    select n.nspname as schema, c.relname as "table", c.relkind::text as kind,
           pg_get_userbyid(c.relowner)::text as owner,
           c.relrowsecurity as rls, c.relforcerowsecurity as force_rls,
           c.relpersistence::text as persistence, c.relreplident::text as replica_identity,
           coalesce(p.names, '{}') as parents, c.relispartition as is_partition,
           coalesce(pg_get_expr(c.relpartbound, c.oid), '') as partition_bound,
           case when c.relkind = 'p' then pg_get_partkeydef(c.oid) else '' end as partition_key,
           coalesce(c.reloptions, '{}')
             || coalesce(array(select 'toast.' || o from unnest(t.reloptions) as o), '{}')
             as options,
           coalesce(m.amname::text, '') as access_method,
           coalesce(s.spcname::text, '') as tablespace,
           case when c.reloftype = 0 then '' else format_type(c.reloftype, null) end as of_type,
           coalesce(fs.srvname::text, '') as foreign_server,
           coalesce(f.ftoptions, '{}') as foreign_options,
           coalesce(k.columns, '{}') as primary_key,
           case when c.relkind = 'r' then pg_table_size(c.oid) else 0 end as bytes,
           -- without a single block there is no row, not even an old one
           c.relkind = 'r' and m.amname = 'heap' and pg_relation_size(c.oid) = 0 as empty,
           c.reltuples::int8 as estimate
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    left join parents p on p.inhrelid = c.oid
    left join keys k on k.indrelid = c.oid
    left join pg_class t on t.oid = c.reltoastrelid
    left join pg_am m on m.oid = c.relam
    left join pg_tablespace s on s.oid = c.reltablespace
    left join pg_foreign_table f on f.ftrelid = c.oid
    left join pg_foreign_server fs on fs.oid = f.ftserver
    where c.relkind in ('r', 'p', 'f') and """
    + of_user("pg_class", "c.oid"),
)

# pg_attribute, pg_attrdef, pg_type, pg_collation.  A default names no column: it is written without
# the relation, as otherwise each of a table's 1,600 would look at all 1,600 columns.
_COLUMNS_FROM = """
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid
    join pg_namespace n on n.oid = c.relnamespace
    join pg_type t on t.oid = a.atttypid
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    left join pg_collation co on co.oid = a.attcollation and a.attcollation <> t.typcollation
    left join pg_namespace con on con.oid = co.collnamespace
"""
_COLUMNS_WHERE = (
    " where c.relkind in ('r', 'p', 'f') and a.attnum > 0 and not a.attisdropped and "
    + of_user("pg_class", "c.oid")
)
# Options without one that servers keep for themselves, since the minor releases of November 2026.
_COLUMNS_SELECT = """
    select n.nspname as schema, c.relname as "table", a.attname as "column",
           a.attnum::int as position, format_type(a.atttypid, a.atttypmod) as type,
           a.attnotnull as not_null,
           case when a.attgenerated = '' then coalesce(pg_get_expr(d.adbin, 0), '')
                else '' end as "default",
           a.attidentity::text as identity, a.attgenerated::text as generated,
           case when a.attgenerated = '' then ''
                else coalesce(pg_get_expr(d.adbin, d.adrelid), '') end as expression,
           coalesce(quote_ident(con.nspname) || '.' || quote_ident(co.collname), '') as collation,
           a.attstorage::text as storage, a.attcompression::text as compression,
           coalesce(a.attstattarget, -1)::int as statistics,
           array(select o from unnest(a.attoptions) with ordinality as u (o, i)
                 where not starts_with(o, 'pg_attver=') order by i) as options,
           a.attislocal as local
"""

COLUMNS = Catalog(
    kind="columns",
    naming=dotted("schema", "table", "column"),
    sql=_COLUMNS_SELECT + ", true as not_null_valid" + _COLUMNS_FROM + _COLUMNS_WHERE,
    # from 18 on a NOT NULL is a constraint, which may not have been validated
    since={
        18: _COLUMNS_SELECT
        + ", coalesce(nn.convalidated, true) as not_null_valid"
        + _COLUMNS_FROM
        + " left join pg_constraint nn on nn.conrelid = a.attrelid and nn.contype = 'n'"
        " and nn.conkey[1] = a.attnum" + _COLUMNS_WHERE
    },
)

# pg_constraint.  A foreign key that a partition has from its parent is left out: its name is made
# up by each server.
CONSTRAINTS = Catalog(
    kind="constraints",
    naming=dotted("schema", "table", "constraint"),
    sql="""
    select n.nspname as schema, c.relname as "table", k.conname as "constraint",
           k.contype::text as type, pg_get_constraintdef(k.oid) as definition,
           k.convalidated as validated, k.condeferrable as deferrable, k.condeferred as deferred,
           k.conislocal as local, k.conparentid <> 0 as inherited,
           coalesce(rn.nspname::text, '') as referenced_schema,
           coalesce(r.relname::text, '') as referenced_table
    from pg_constraint k
    join pg_class c on c.oid = k.conrelid
    join pg_namespace n on n.oid = c.relnamespace
    left join pg_class r on r.oid = k.confrelid
    left join pg_namespace rn on rn.oid = r.relnamespace
    where k.contype in ('c', 'f', 'p', 'u', 'x') and (k.contype <> 'f' or k.conparentid = 0)
      and """
    + of_user("pg_class", "c.oid"),
)

# pg_index, pg_constraint
INDEXES = Catalog(
    kind="indexes",
    naming=dotted("schema", "index"),
    sql="""
    select n.nspname as schema, c.relname as "table", i.relname as "index",
           pg_get_indexdef(x.indexrelid) as definition, x.indisunique as "unique",
           x.indisprimary as "primary", x.indisvalid and x.indisready as valid,
           x.indisreplident as replica_identity, x.indisclustered as clustered,
           k.oid is not null as is_constraint,
           coalesce(quote_ident(pn.nspname) || '.' || quote_ident(pi.relname), '') as parent
    from pg_index x
    join pg_class i on i.oid = x.indexrelid
    join pg_class c on c.oid = x.indrelid
    join pg_namespace n on n.oid = i.relnamespace
    left join pg_constraint k on k.conindid = x.indexrelid and k.conrelid = x.indrelid
                             and k.contype in ('p', 'u', 'x')
    left join pg_inherits h on h.inhrelid = x.indexrelid
    left join pg_class pi on pi.oid = h.inhparent
    left join pg_namespace pn on pn.oid = pi.relnamespace
    where c.relkind in ('r', 'p', 'm', 'f') and """
    + of_user("pg_class", "c.oid"),
)

# pg_statistic_ext
STATISTICS = Catalog(
    kind="statistics",
    naming=dotted("schema", "statistics"),
    sql="""
    select n.nspname as schema, s.stxname as statistics, cn.nspname as table_schema,
           c.relname as "table", pg_get_statisticsobjdef(s.oid) as definition,
           coalesce(s.stxstattarget, -1)::int as target,
           pg_get_userbyid(s.stxowner)::text as owner
    from pg_statistic_ext s
    join pg_namespace n on n.oid = s.stxnamespace
    join pg_class c on c.oid = s.stxrelid
    join pg_namespace cn on cn.oid = c.relnamespace
    where """
    + of_user("pg_statistic_ext", "s.oid"),
)

# pg_class, pg_rewrite, pg_attrdef (a view's column may have a default of its own)
VIEWS = Catalog(
    kind="views",
    naming=dotted("schema", "view"),
    sql="""
    select n.nspname as schema, c.relname as view, c.relkind::text as kind,
           pg_get_viewdef(c.oid) as definition, pg_get_userbyid(c.relowner)::text as owner,
           coalesce(c.reloptions, '{}') as options, c.relispopulated as populated,
           array(select quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
                 from pg_attribute a where a.attrelid = c.oid and a.attnum > 0
                 order by a.attnum) as columns,
           array(select quote_ident(a.attname) || ' ' || pg_get_expr(d.adbin, 0)
                 from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid
                                                      and a.attnum = d.adnum
                 where d.adrelid = c.oid order by a.attnum) as defaults
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('v', 'm') and """
    + of_user("pg_class", "c.oid"),
)

# pg_rewrite; `_RETURN` is the view itself
RULES = Catalog(
    kind="rules",
    naming=dotted("schema", "table", "rule"),
    sql="""
    select n.nspname as schema, c.relname as "table", r.rulename as rule,
           pg_get_ruledef(r.oid) as definition, r.ev_enabled::text as enabled
    from pg_rewrite r
    join pg_class c on c.oid = r.ev_class
    join pg_namespace n on n.oid = c.relnamespace
    where r.rulename <> '_RETURN' and """
    + of_user("pg_class", "c.oid"),
)

CATALOGS = (TABLES, COLUMNS, CONSTRAINTS, INDEXES, STATISTICS, VIEWS, RULES)
