-- Roles, their settings and memberships, as every Supabase project has them.  Roles belong to the cluster:
-- a second database of the same cluster finds them there, so every statement may run twice.
-- PostgreSQL 16 and later take a membership's INHERIT option from the member's own attribute; nothing else is
-- needed to give `authenticator` and `supabase_storage_admin` memberships that do not inherit.

create function pg_temp.role(role_name name, attributes text, variadic settings text[] default '{}')
returns void language plpgsql as $$
declare
  setting text;
begin
  if not exists (select from pg_catalog.pg_roles where rolname = role_name) then
    execute format('create role %I', role_name);
  end if;
  -- The bootstrap superuser stays one: a cluster that was made by `initdb -U postgres` keeps its owner.
  if not exists (select from pg_catalog.pg_roles where rolname = role_name and oid = 10) then
    execute format('alter role %I %s', role_name, attributes);
  end if;
  foreach setting in array settings loop
    execute format('alter role %I set %s', role_name, setting);
  end loop;
end $$;

select pg_temp.role('supabase_admin', 'superuser createdb createrole login replication bypassrls',
  'search_path to "$user", public, auth, extensions', 'log_statement to none');
select pg_temp.role('postgres', 'nosuperuser createdb createrole login replication bypassrls',
  'search_path to "$user", public, extensions');
select pg_temp.role('anon', 'nologin', 'statement_timeout to ''3s''');
select pg_temp.role('authenticated', 'nologin', 'statement_timeout to ''8s''');
select pg_temp.role('service_role', 'nologin bypassrls');
-- On the platform also: session_preload_libraries = supautils, safeupdate.  A server without these libraries
-- would refuse every login of the role.
select pg_temp.role('authenticator', 'login noinherit',
  'statement_timeout to ''8s''', 'lock_timeout to ''8s''');
select pg_temp.role('dashboard_user', 'nologin createdb createrole replication');
select pg_temp.role('pgbouncer', 'login');
select pg_temp.role('supabase_auth_admin', 'login noinherit createrole',
  'search_path to auth', 'idle_in_transaction_session_timeout to 60000', 'log_statement to none');
select pg_temp.role('supabase_storage_admin', 'login noinherit createrole',
  'search_path to storage', 'log_statement to none');
select pg_temp.role('supabase_functions_admin', 'login noinherit createrole',
  'search_path to supabase_functions');
select pg_temp.role('supabase_realtime_admin', 'nologin noinherit');
select pg_temp.role('supabase_replication_admin', 'login replication');
select pg_temp.role('supabase_etl_admin', 'login replication bypassrls');
select pg_temp.role('supabase_read_only_user', 'login bypassrls', 'default_transaction_read_only to on');
select pg_temp.role('supabase_privileged_role', 'nologin');

grant anon, authenticated, service_role to authenticator;
grant authenticator to supabase_storage_admin;
grant anon, authenticated, service_role, authenticator to postgres with admin option;
grant pg_monitor, pg_read_all_data, pg_signal_backend to postgres with admin option;
grant supabase_functions_admin, supabase_privileged_role to postgres;
grant supabase_privileged_role to supabase_etl_admin;
grant pg_monitor, pg_read_all_data to supabase_etl_admin, supabase_read_only_user;

do $$
begin
  if current_setting('server_version_num')::int >= 160000 then
    grant pg_create_subscription to postgres with admin option;
  end if;
  -- Without supautils the right to switch triggers off is a grant (PostgreSQL 15 and later).
  grant set on parameter session_replication_role to postgres;
end $$;
