"""Types that users make: enums, domains, composites, ranges, base types; and collations."""

# ruff: noqa: S608 - only constants of this package are joined

from __future__ import annotations

from supamig.catalog.kind import Catalog, dotted, of_user

# pg_type, pg_enum, pg_constraint, pg_attribute, pg_range.  Row types of tables, array types and
# multiranges come with what they belong to.
TYPES = Catalog(
    kind="types",
    naming=dotted("schema", "type"),
    sql="""
    select n.nspname as schema, t.typname as type,
           case t.typtype when 'e' then 'enum' when 'd' then 'domain' when 'c' then 'composite'
                          when 'r' then 'range' when 'b' then 'base' else 'shell' end as kind,
           case t.typtype
             when 'e' then
               (select string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder)
                from pg_enum e where e.enumtypid = t.oid)
             when 'd' then
               concat_ws(' ', format_type(t.typbasetype, t.typtypmod),
                 case when t.typcollation <> b.typcollation then 'collate '
                   || t.typcollation::regcollation end,
                 case when t.typnotnull then 'not null' end,
                 'default ' || coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault),
                 (select string_agg(quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid),
                                    ' ' order by k.conname collate "C")
                  from pg_constraint k where k.contypid = t.oid and k.contype = 'c'))
             when 'c' then
               (select string_agg(concat_ws(' ', quote_ident(a.attname),
                         format_type(a.atttypid, a.atttypmod),
                         case when a.attcollation <> at.typcollation then 'collate '
                           || a.attcollation::regcollation end), ', ' order by a.attnum)
                from pg_attribute a join pg_type at on at.oid = a.atttypid
                where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped)
             when 'r' then
               concat_ws(' ', 'subtype', format_type(r.rngsubtype, null),
                 'opclass', (select quote_ident(ocn.nspname) || '.' || quote_ident(oc.opcname)
                             from pg_opclass oc join pg_namespace ocn on ocn.oid = oc.opcnamespace
                             where oc.oid = r.rngsubopc),
                 case when r.rngcollation <> 0 then 'collate ' || r.rngcollation::regcollation end,
                 'canonical ' || r.rngcanonical::regprocedure,
                 'subtype_diff ' || r.rngsubdiff::regprocedure,
                 'multirange ' || format_type(r.rngmultitypid, null))
             when 'b' then
               concat_ws(' ', 'input', t.typinput::regprocedure, 'output',
                 t.typoutput::regprocedure, 'length', t.typlen, 'by value', t.typbyval,
                 'align', t.typalign, 'storage', t.typstorage, 'category', t.typcategory)
             else '' end as definition,
           coalesce((select array_agg(e.enumlabel::text order by e.enumsortorder)
                     from pg_enum e where e.enumtypid = t.oid), '{}') as labels,
           pg_get_userbyid(t.typowner)::text as owner
    from pg_type t
    join pg_namespace n on n.oid = t.typnamespace
    left join pg_type b on b.oid = t.typbasetype
    left join pg_class c on c.oid = t.typrelid
    left join pg_range r on r.rngtypid = t.oid
    where t.typtype in ('e', 'd', 'c', 'r', 'b', 'p') and (c.oid is null or c.relkind = 'c')
      and (t.typtype <> 'b'
           or t.typsubscript <> 'pg_catalog.array_subscript_handler'::regproc) and """
    + of_user("pg_type", "t.oid"),
)

# pg_collation
COLLATIONS = Catalog(
    kind="collations",
    naming=dotted("schema", "collation"),
    sql="""
    select n.nspname as schema, c.collname as collation, c.collprovider::text as provider,
           c.collisdeterministic as deterministic, coalesce(c.collcollate::text, '') as lc_collate,
           coalesce(c.collctype::text, '') as lc_ctype,
           coalesce(c.colliculocale::text, '') as locale,
           pg_get_userbyid(c.collowner)::text as owner
    from pg_collation c
    join pg_namespace n on n.oid = c.collnamespace
    where """
    + of_user("pg_collation", "c.oid"),
    # renamed in 17, when the built-in provider came
    since={
        17: """
    select n.nspname as schema, c.collname as collation, c.collprovider::text as provider,
           c.collisdeterministic as deterministic, coalesce(c.collcollate::text, '') as lc_collate,
           coalesce(c.collctype::text, '') as lc_ctype,
           coalesce(c.colllocale::text, '') as locale,
           pg_get_userbyid(c.collowner)::text as owner
    from pg_collation c
    join pg_namespace n on n.oid = c.collnamespace
    where """
        + of_user("pg_collation", "c.oid")
    },
)

CATALOGS = (TYPES, COLLATIONS)
