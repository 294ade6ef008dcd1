"""Extensions, publications, foreign servers, comments, large objects and rarer kinds of objects."""

# ruff: noqa: S608 - only constants of this package are joined

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString

from supamig.catalog.kind import Catalog, dotted, own, plain

if TYPE_CHECKING:
    from supamig.models import Record

EXTENSIONS = Catalog(
    kind="extensions",
    naming=plain("extension"),
    sql="""
    select e.extname as extension, n.nspname as schema, e.extversion as version,
           pg_get_userbyid(e.extowner)::text as owner
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace
    """,
)

AVAILABLE_EXTENSIONS = Catalog(
    kind="available_extensions",
    naming=plain("extension"),
    sql="""
    select v.name as extension, array_agg(v.version order by v.version collate "C") as versions,
           coalesce(max(a.default_version), '') as default_version,
           array(select distinct r.name::text from pg_available_extension_versions o
                 cross join lateral unnest(o.requires) as r(name)
                 where o.name = v.name order by 1) as requires
    from pg_available_extension_versions v
    left join pg_available_extensions a on a.name = v.name
    group by v.name
    """,
)

# pg_publication
PUBLICATIONS = Catalog(
    kind="publications",
    naming=plain("publication"),
    sql="""
    select p.pubname as publication, pg_get_userbyid(p.pubowner)::text as owner,
           p.puballtables as all_tables, p.pubinsert as "insert", p.pubupdate as "update",
           p.pubdelete as "delete", p.pubtruncate as "truncate", p.pubviaroot as via_root,
           array(select quote_ident(n.nspname) from pg_publication_namespace s
                 join pg_namespace n on n.oid = s.pnnspid where s.pnpubid = p.oid
                 order by n.nspname collate "C") as schemas
    from pg_publication p
    """,
)


def _publication_table(record: Record) -> str:
    return f"{record['publication']}: {dotted('schema', 'table')(record)}"


# pg_publication_rel
PUBLICATION_TABLES = Catalog(
    kind="publication_tables",
    naming=_publication_table,
    sql="""
    select p.pubname as publication, n.nspname as schema, c.relname as "table",
           array(select a.attname::text from pg_attribute a
                 where a.attrelid = c.oid and a.attnum = any (r.prattrs)
                 order by a.attname collate "C") as columns,
           coalesce(pg_get_expr(r.prqual, c.oid), '') as row_filter
    from pg_publication_rel r
    join pg_publication p on p.oid = r.prpubid
    join pg_class c on c.oid = r.prrelid
    join pg_namespace n on n.oid = c.relnamespace
    """,
)

# pg_foreign_server; options may hold anything, so only their names are read
FOREIGN_SERVERS = Catalog(
    kind="foreign_servers",
    naming=plain("server"),
    sql="""
    select s.srvname as server, f.fdwname as wrapper, coalesce(s.srvtype, '') as type,
           coalesce(s.srvversion, '') as version, pg_get_userbyid(s.srvowner)::text as owner,
           array(select split_part(o, '=', 1) from unnest(s.srvoptions) as o order by 1) as options
    from pg_foreign_server s join pg_foreign_data_wrapper f on f.oid = s.srvfdw
    where """
    + own("pg_foreign_server", "s.oid"),
)


def _mapping_name(record: Record) -> str:
    return f"{record['user']} on {record['server']}"


# pg_user_mappings hides the options from those who may not see them; here nobody sees the values
USER_MAPPINGS = Catalog(
    kind="user_mappings",
    naming=_mapping_name,
    sql="""
    select m.usename as "user", m.srvname as server,
           array(select split_part(o, '=', 1) from unnest(m.umoptions) as o order by 1) as options,
           m.umoptions is not null or r.rolsuper as readable
    from pg_user_mappings m join pg_roles r on r.rolname = current_user
    """,
)

# An object's own schema, or that of the table it hangs on; pg_identify_object writes names that do
# not depend on the search path.
_WHERE_IT_IS: LiteralString = """
    left join pg_trigger tg on x.classoid = 'pg_catalog.pg_trigger'::regclass and tg.oid = x.objoid
    left join pg_policy po on x.classoid = 'pg_catalog.pg_policy'::regclass and po.oid = x.objoid
    left join pg_rewrite rw on x.classoid = 'pg_catalog.pg_rewrite'::regclass and rw.oid = x.objoid
    left join pg_constraint k on x.classoid = 'pg_catalog.pg_constraint'::regclass
                             and k.oid = x.objoid
    left join pg_class rel on rel.oid = coalesce(tg.tgrelid, po.polrelid, rw.ev_class,
                                                 nullif(k.conrelid, 0))
    left join pg_namespace rn on rn.oid = coalesce(rel.relnamespace, k.connamespace)
    cross join lateral pg_identify_object(x.classoid, x.objoid, x.objsubid) as i
    where (x.objoid >= 16384 or x.classoid = 'pg_catalog.pg_namespace'::regclass)
      and i.identity is not null
      and coalesce(i.schema, rn.nspname, '') !~ '^(pg_|information_schema$)'
      and not (i.type = 'schema' and i.identity ~ '^(pg_|information_schema$)')
      and not exists (select 1 from pg_depend m where m.classid = x.classoid
                      and m.objid = x.objoid and m.deptype = 'e')
      and not exists (select 1 from pg_depend m where m.deptype = 'e' and m.objid = rel.oid
                      and m.classid = 'pg_catalog.pg_class'::regclass)
"""


def _object_name(record: Record) -> str:
    return f"{record['type']} {record['object']}"


# pg_description
COMMENTS = Catalog(
    kind="comments",
    naming=_object_name,
    sql="""
    select i.type, i.identity as object,
           coalesce(i.schema, rn.nspname::text, case i.type when 'schema' then i.name end, '')
             as schema, x.description as comment
    from pg_description x """
    + _WHERE_IT_IS,
)


def _label_name(record: Record) -> str:
    return f"{_object_name(record)} by {record['provider']}"


# pg_seclabel
SECURITY_LABELS = Catalog(
    kind="security_labels",
    naming=_label_name,
    sql="""
    select i.type, i.identity as object, x.provider,
           coalesce(i.schema, rn.nspname::text, case i.type when 'schema' then i.name end, '')
             as schema, x.label
    from pg_seclabel x """
    + _WHERE_IT_IS,
)

LARGE_OBJECTS = Catalog(
    kind="large_objects",
    naming=plain("label"),
    sql="select 'large objects' as label, count(*) as count from pg_largeobject_metadata",
)

# Kinds that are compared by presence, and those that change what a query answers by definition: a
# configuration's mappings, a dictionary's options, what an operator or a cast calls
OTHERS = Catalog(
    kind="others",
    naming=_object_name,
    sql="""
    with listed(classoid, objoid) as (
      select 'pg_catalog.pg_cast'::regclass, oid from pg_cast
      union all select 'pg_catalog.pg_conversion'::regclass, oid from pg_conversion
      union all select 'pg_catalog.pg_language'::regclass, oid from pg_language
      union all select 'pg_catalog.pg_operator'::regclass, oid from pg_operator
      union all select 'pg_catalog.pg_opclass'::regclass, oid from pg_opclass
      union all select 'pg_catalog.pg_opfamily'::regclass, oid from pg_opfamily
      union all select 'pg_catalog.pg_am'::regclass, oid from pg_am
      union all select 'pg_catalog.pg_transform'::regclass, oid from pg_transform
      union all select 'pg_catalog.pg_ts_config'::regclass, oid from pg_ts_config
      union all select 'pg_catalog.pg_ts_dict'::regclass, oid from pg_ts_dict
      union all select 'pg_catalog.pg_ts_parser'::regclass, oid from pg_ts_parser
      union all select 'pg_catalog.pg_ts_template'::regclass, oid from pg_ts_template
      union all select 'pg_catalog.pg_foreign_data_wrapper'::regclass, oid
                from pg_foreign_data_wrapper
    )
    select i.type, coalesce(i.schema, '') as schema,
           -- up to 15 a transform's identity had one word more than `drop transform` takes
           case i.type when 'transform' then regexp_replace(i.identity, ' on language ',
                                                            ' language ')
                       else i.identity end as object,
           coalesce(case l.classoid
             when 'pg_catalog.pg_ts_config'::regclass then
               (select string_agg(m.alias || ' with ' || m.dictionaries, ', ' order by m.tokid)
                from (select k.tokid, k.alias,
                             string_agg(t.mapdict::regdictionary::text, ' ' order by t.mapseqno)
                               as dictionaries
                      from pg_ts_config c
                      cross join lateral ts_token_type(c.cfgparser) as k
                      join pg_ts_config_map t on t.mapcfg = c.oid and t.maptokentype = k.tokid
                      where c.oid = l.objoid group by k.tokid, k.alias) as m)
             when 'pg_catalog.pg_ts_dict'::regclass then
               (select concat_ws(' ', quote_ident(n.nspname) || '.' || quote_ident(t.tmplname),
                                 d.dictinitoption)
                from pg_ts_dict d
                join pg_ts_template t on t.oid = d.dicttemplate
                join pg_namespace n on n.oid = t.tmplnamespace
                where d.oid = l.objoid)
             when 'pg_catalog.pg_operator'::regclass then
               (select concat_ws(' ', o.oprcode::regprocedure,
                                 'commutator ' || nullif(o.oprcom, 0)::regoperator,
                                 'negator ' || nullif(o.oprnegate, 0)::regoperator,
                                 'restrict ' || nullif(o.oprrest, 0)::regprocedure,
                                 'join ' || nullif(o.oprjoin, 0)::regprocedure,
                                 case when o.oprcanmerge then 'merges' end,
                                 case when o.oprcanhash then 'hashes' end)
                from pg_operator o where o.oid = l.objoid)
             when 'pg_catalog.pg_cast'::regclass then
               (select concat_ws(' ', c.castcontext::text, c.castmethod::text,
                                 nullif(c.castfunc, 0)::regprocedure)
                from pg_cast c where c.oid = l.objoid)
           end, '') as definition
    from listed l cross join lateral pg_identify_object(l.classoid, l.objoid, 0) as i
    where l.objoid >= 16384 and i.identity is not null
      and coalesce(i.schema, '') !~ '^(pg_|information_schema$)'
      and not exists (select 1 from pg_depend m where m.classid = l.classoid
                      and m.objid = l.objoid and m.deptype in ('e', 'i'))
    """,
)

CATALOGS = (
    EXTENSIONS,
    AVAILABLE_EXTENSIONS,
    PUBLICATIONS,
    PUBLICATION_TABLES,
    FOREIGN_SERVERS,
    USER_MAPPINGS,
    COMMENTS,
    SECURITY_LABELS,
    LARGE_OBJECTS,
    OTHERS,
)
