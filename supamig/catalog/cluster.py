"""What is not inside a schema: the database and its settings, roles, memberships, schemas."""

# ruff: noqa: S608 - only constants of this package are joined

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString

from supamig.catalog.kind import Catalog, dotted, of_user, plain
from supamig.catalog.managed import is_reserved

if TYPE_CHECKING:
    from supamig.models import Record

# pg_roles, not pg_authid, which an ordinary role may not read.  Role 10 made the cluster.
ROLES = Catalog(
    kind="roles",
    naming=plain("role"),
    derived={"reserved": lambda role: bool(role["bootstrap"]) or is_reserved(str(role["role"]))},
    sql="""
    select r.rolname as role, r.oid = 10 as bootstrap, r.rolsuper as superuser,
           r.rolinherit as inherit, r.rolcreaterole as create_role, r.rolcreatedb as create_db,
           r.rolcanlogin as login, r.rolreplication as replication, r.rolbypassrls as bypass_rls,
           r.rolconnlimit as connection_limit,
           coalesce((r.rolvaliduntil at time zone 'UTC')::text, '') as valid_until,
           coalesce(shobj_description(r.oid, 'pg_authid'), '') as comment
    from pg_roles r where r.rolname !~ '^pg_'
    """,
)


def _membership_name(record: Record) -> str:
    return f"{record['member']} in {record['role']}"


# pg_auth_members; the grants of several grantors are folded into one
_MEMBERS: LiteralString = """
    from pg_auth_members m
    join pg_roles g on g.oid = m.roleid
    join pg_roles r on r.oid = m.member and r.rolname !~ '^pg_'
    group by g.rolname, r.rolname
"""
MEMBERSHIPS = Catalog(
    kind="memberships",
    naming=_membership_name,
    sql="select g.rolname as role, r.rolname as member, bool_or(m.admin_option) as admin,"
    ' null::bool as inherit, null::bool as "set"' + _MEMBERS,
    since={
        16: "select g.rolname as role, r.rolname as member, bool_or(m.admin_option) as admin,"
        ' bool_or(m.inherit_option) as inherit, bool_or(m.set_option) as "set"' + _MEMBERS
    },
)

# A value that looks like a secret is replaced by a digest of it: enough to compare, not to use.
_SETTINGS: LiteralString = """
    select case when d.datname is null then '' else current_database() end as database,
           coalesce(r.rolname::text, '') as role, split_part(c.line, '=', 1) as setting,
           case when c.line ~* $$^[^=]*(secret|passw|token|jwt(?!_exp)|_key|apikey|service_role)$$
                then '' else substr(c.line, strpos(c.line, '=') + 1) end as value,
           c.line ~* $$^[^=]*(secret|passw|token|jwt(?!_exp)|_key|apikey|service_role)$$ as secret,
           left(encode(sha256(convert_to(substr(c.line, strpos(c.line, '=') + 1), 'UTF8')), 'hex'),
                16) as digest
    from pg_db_role_setting s
    cross join lateral unnest(s.setconfig) as c(line)
    left join pg_database d on d.oid = s.setdatabase
    left join pg_roles r on r.oid = s.setrole
    where (s.setdatabase = 0 or d.datname = current_database())
"""


def _setting_name(record: Record) -> str:
    return f"{record['role']}{' here' if record['database'] else ''} {record['setting']}"


ROLE_SETTINGS = Catalog(
    kind="role_settings", naming=_setting_name, sql=_SETTINGS + " and s.setrole <> 0"
)
DATABASE_SETTINGS = Catalog(
    kind="database_settings", naming=plain("setting"), sql=_SETTINGS + " and s.setrole = 0"
)

# pg_database; the name differs between sides by right
_DATABASE_FROM: LiteralString = " from pg_database d where d.datname = current_database()"
_DATABASE: LiteralString = """
    select 'database' as label, d.datname as database, pg_get_userbyid(d.datdba)::text as owner,
           pg_encoding_to_char(d.encoding)::text as encoding, d.datcollate as lc_collate,
           d.datctype as lc_ctype, d.datlocprovider::text as provider,
           d.datconnlimit as connection_limit, pg_database_size(d.oid) as bytes,
           coalesce(shobj_description(d.oid, 'pg_database'), '') as comment
"""
DATABASE = Catalog(
    kind="database",
    naming=plain("label"),
    sql=_DATABASE + ", coalesce(d.daticulocale::text, '') as locale" + _DATABASE_FROM,
    since={17: _DATABASE + ", coalesce(d.datlocale::text, '') as locale" + _DATABASE_FROM},
)

# pg_settings: those that change what a query answers or how a migration runs
SETTINGS = Catalog(
    kind="settings",
    naming=plain("setting"),
    sql="""
    select s.name as setting, s.setting as value, s.source
    from pg_settings s
    where s.name in ('array_nulls', 'backslash_quote', 'block_size', 'check_function_bodies',
      'cron.database_name', 'data_checksums', 'default_table_access_method',
      'default_text_search_config', 'default_toast_compression', 'default_transaction_isolation',
      'escape_string_warning', 'integer_datetimes', 'lc_messages', 'lc_monetary', 'lc_numeric',
      'lc_time', 'max_connections', 'max_identifier_length', 'max_index_keys',
      'max_locks_per_transaction', 'max_prepared_transactions', 'max_replication_slots',
      'max_wal_senders', 'max_wal_size', 'max_worker_processes', 'server_encoding',
      'server_version', 'server_version_num', 'session_preload_libraries',
      'shared_preload_libraries', 'standard_conforming_strings', 'wal_level')
    """,
)

# pg_namespace
SCHEMAS = Catalog(
    kind="schemas",
    naming=dotted("schema"),
    sql="""
    select n.nspname as schema, pg_get_userbyid(n.nspowner)::text as owner
    from pg_namespace n where """
    + of_user("pg_namespace", "n.oid"),
)

CATALOGS = (ROLES, MEMBERSHIPS, ROLE_SETTINGS, DATABASE_SETTINGS, DATABASE, SETTINGS, SCHEMAS)
