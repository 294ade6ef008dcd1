"""Who may do what: policies, rights on objects, default privileges."""

# ruff: noqa: S608 - only constants of this package are joined

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString

from supamig.catalog.kind import OF_USER_FUNCTION, Catalog, dotted, of_user, own

if TYPE_CHECKING:
    from supamig.models import Record

# pg_policy
POLICIES = Catalog(
    kind="policies",
    naming=dotted("schema", "table", "policy"),
    sql="""
    select n.nspname as schema, c.relname as "table", p.polname as policy,
           p.polpermissive as permissive,
           case p.polcmd when 'r' then 'SELECT' when 'a' then 'INSERT' when 'w' then 'UPDATE'
                         when 'd' then 'DELETE' else 'ALL' end as command,
           case when p.polroles = '{0}' then array['public'] else
             array(select r.rolname::text from pg_roles r where r.oid = any (p.polroles)
                   order by r.rolname collate "C") end as roles,
           coalesce(pg_get_expr(p.polqual, p.polrelid), '') as "using",
           coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') as "check",
           pg_get_userbyid(c.relowner)::text as table_owner
    from pg_policy p
    join pg_class c on c.oid = p.polrelid
    join pg_namespace n on n.oid = c.relnamespace
    where """
    + of_user("pg_class", "c.oid")
    + " and "
    + own("pg_policy", "p.oid"),
)


def _exploded(acl: LiteralString) -> LiteralString:
    """Write the query of an ACL as sorted text, grantors folded: `anon=SELECT`, `bob=SELECT*`."""
    return (
        """array(select coalesce(r.rolname::text, 'public') || '=' || g.privilege_type
                        || case when bool_or(g.is_grantable) then '*' else '' end
                 from aclexplode("""
        + acl
        + """) g left join pg_roles r on r.oid = g.grantee
                 group by r.rolname, g.privilege_type
                 order by coalesce(r.rolname, 'public') collate "C", g.privilege_type)"""
    )


# Every object that can hold an ACL, each with the ACL that NULL stands for.  Equal ACLs are taken
# apart once: thousands of tables share a handful.
_OBJECTS: LiteralString = (
    """
    with things as (
      select 'schema' as kind, n.nspname::text as schema, '' as object_name, '' as arguments,
             '' as "column", quote_ident(n.nspname) as object, n.nspowner as owner,
             coalesce(n.nspacl, acldefault('n', n.nspowner)) as acl
      from pg_namespace n where """
    + of_user("pg_namespace", "n.oid")
    + """
      union all
      select case c.relkind when 'S' then 'sequence' else 'table' end, n.nspname, c.relname, '', '',
             quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relowner,
             coalesce(c.relacl, acldefault(
               (case c.relkind when 'S' then 's' else 'r' end)::"char", c.relowner))
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        and """
    + of_user("pg_class", "c.oid")
    + """
      union all
      select 'column', n.nspname, c.relname, '', a.attname,
             quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relowner, a.attacl
      from pg_attribute a join pg_class c on c.oid = a.attrelid
      join pg_namespace n on n.oid = c.relnamespace
      where a.attacl is not null and not a.attisdropped
        and """
    + of_user("pg_class", "c.oid")
    + """
      union all
      select case p.prokind when 'p' then 'procedure' else 'function' end, n.nspname, p.proname,
             '(' || a.types || ')', '',
             quote_ident(n.nspname) || '.' || quote_ident(p.proname) || '(' || a.types || ')',
             p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      cross join lateral (
        select coalesce(string_agg(format_type(t.type, null), ', ' order by t.place), '') as types
        from unnest(p.proargtypes) with ordinality as t(type, place)) as a
      where """
    + OF_USER_FUNCTION
    + """
      union all
      select 'type', n.nspname, t.typname, '', '',
             quote_ident(n.nspname) || '.' || quote_ident(t.typname), t.typowner,
             coalesce(t.typacl, acldefault('T', t.typowner))
      from pg_type t join pg_namespace n on n.oid = t.typnamespace
      left join pg_class c on c.oid = t.typrelid
      where t.typtype in ('e', 'd', 'c', 'r', 'b') and (c.oid is null or c.relkind = 'c')
        and (t.typtype <> 'b'
             or t.typsubscript <> 'pg_catalog.array_subscript_handler'::regproc)
        and """
    + of_user("pg_type", "t.oid")
    + """
      union all
      select 'foreign data wrapper', '', f.fdwname, '', '', quote_ident(f.fdwname), f.fdwowner,
             coalesce(f.fdwacl, acldefault('F', f.fdwowner))
      from pg_foreign_data_wrapper f
      union all
      select 'foreign server', '', s.srvname, '', '', quote_ident(s.srvname), s.srvowner,
             coalesce(s.srvacl, acldefault('S', s.srvowner))
      from pg_foreign_server s where """
    + own("pg_foreign_server", "s.oid")
    + """
      union all
      select 'database', '', '', '', '', quote_ident(d.datname), d.datdba,
             coalesce(d.datacl, acldefault('d', d.datdba))
      from pg_database d where d.datname = current_database()
      union all
      select 'parameter', '', p.parname, '', '', quote_ident(p.parname), 10, p.paracl
      from pg_parameter_acl p
    ), texts as (select distinct acl::text as text from things),
    grants as (
      select text, """
    + _exploded("nullif(text, '{}')::aclitem[]")
    + """ as grants from texts
    )
    select t.kind, t.schema, t.object_name, t.arguments, t."column", t.object,
           pg_get_userbyid(t.owner)::text as owner, g.grants
    from things t join grants g on g.text = t.acl::text
"""
)


def _acl_name(record: Record) -> str:
    where = dotted("schema", "object_name", "column")(record)
    return f"{record['kind']} {where}{record['arguments']}".rstrip()


ACLS = Catalog(kind="acls", naming=_acl_name, sql=_OBJECTS)


def _default_name(record: Record) -> str:
    where = f" in schema {record['schema']}" if record["schema"] else ""
    return f"{record['type']} of {record['role']}{where}"


# pg_default_acl.  An entry without a schema replaces the built-in default, which `baseline` is; one
# with a schema adds to it.
DEFAULT_PRIVILEGES = Catalog(
    kind="default_privileges",
    naming=_default_name,
    sql="""
    select pg_get_userbyid(d.defaclrole)::text as role, coalesce(n.nspname::text, '') as schema,
           case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences'
             when 'f' then 'functions' when 'T' then 'types' when 'n' then 'schemas'
             else 'large objects' end as type,
           """
    + _exploded("d.defaclacl")
    + """ as grants,
           case when d.defaclnamespace <> 0 then '{}' else
           """
    + _exploded(
        "acldefault((case d.defaclobjtype when 'S' then 's' else d.defaclobjtype end)::\"char\","
        " d.defaclrole)"
    )
    + """ end as baseline
    from pg_default_acl d
    left join pg_namespace n on n.oid = d.defaclnamespace
    """,
)

CATALOGS = (POLICIES, ACLS, DEFAULT_PRIVILEGES)
