-- Extensions, the platform's event triggers, the connection pooler's login function, the realtime publication.

do $$
declare
  wanted text;
begin
  if current_setting('sample.portable')::boolean then
    return;
  end if;
  -- What the server does not offer is left out: not every build of PostgreSQL has all of contrib.
  foreach wanted in array array['pgcrypto', 'uuid-ossp', 'pg_stat_statements'] loop
    if exists (select from pg_catalog.pg_available_extensions where name = wanted) then
      begin
        execute format('create extension if not exists %I with schema extensions', wanted);
      exception when undefined_file then
        null;  -- offered, but its library needs another one that this machine lacks
      end;
    end if;
  end loop;
end $$;

create function graphql_public.graphql(
  "operationName" text default null, query text default null, variables jsonb default null,
  extensions jsonb default null
) returns jsonb language plpgsql as $$
begin
  return jsonb_build_object('errors', jsonb_build_array(jsonb_build_object('message', 'pg_graphql is not enabled')));
end $$;

create function pgbouncer.get_auth(p_usename text) returns table (username text, password text)
language plpgsql security definer set search_path = '' as $$
begin
  return query
    select rolname::text, case when rolvaliduntil < now() then null else rolpassword::text end
    from pg_catalog.pg_authid where rolname = $1 and rolcanlogin;
end $$;
revoke execute on function pgbouncer.get_auth(text) from public;
grant execute on function pgbouncer.get_auth(text) to pgbouncer;

create function extensions.pgrst_ddl_watch() returns event_trigger language plpgsql as $$
declare
  cmd record;
begin
  for cmd in select * from pg_event_trigger_ddl_commands() loop
    if cmd.command_tag in (
      'CREATE SCHEMA', 'ALTER SCHEMA', 'CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE',
      'CREATE FOREIGN TABLE', 'ALTER FOREIGN TABLE', 'CREATE VIEW', 'ALTER VIEW', 'CREATE MATERIALIZED VIEW',
      'ALTER MATERIALIZED VIEW', 'CREATE FUNCTION', 'ALTER FUNCTION', 'CREATE TRIGGER', 'CREATE TYPE', 'ALTER TYPE',
      'CREATE RULE', 'COMMENT')
      and cmd.schema_name is distinct from 'pg_temp'
    then
      notify pgrst, 'reload schema';
    end if;
  end loop;
end $$;
create function extensions.pgrst_drop_watch() returns event_trigger language plpgsql as $$
declare
  obj record;
begin
  for obj in select * from pg_event_trigger_dropped_objects() loop
    if obj.object_type in (
      'schema', 'table', 'foreign table', 'view', 'materialized view', 'function', 'trigger', 'type', 'rule')
      and not obj.is_temporary
    then
      notify pgrst, 'reload schema';
    end if;
  end loop;
end $$;
create function extensions.grant_pg_cron_access() returns event_trigger
language plpgsql set search_path = '' as $$
begin
  if exists (
    select from pg_event_trigger_ddl_commands() as ev
    join pg_catalog.pg_extension as ext on ev.objid = ext.oid where ext.extname = 'pg_cron'
  ) then
    grant usage on schema cron to postgres with grant option;
    grant all on all tables in schema cron to postgres with grant option;
    revoke all on table cron.job from postgres;
    grant select on table cron.job to postgres with grant option;
  end if;
end $$;
create function extensions.grant_pg_net_access() returns event_trigger language plpgsql as $$
begin
  if exists (
    select from pg_event_trigger_ddl_commands() as ev
    join pg_catalog.pg_extension as ext on ev.objid = ext.oid where ext.extname = 'pg_net'
  ) then
    grant usage on schema net to supabase_functions_admin, postgres, anon, authenticated, service_role;
  end if;
end $$;
create function extensions.grant_pg_graphql_access() returns event_trigger language plpgsql as $$
begin
  if exists (
    select from pg_event_trigger_ddl_commands() as ev
    join pg_catalog.pg_proc as proc on ev.objid = proc.oid
    where proc.pronamespace = 'graphql'::regnamespace and proc.proname = 'resolve'
  ) then
    grant usage on schema graphql to postgres, anon, authenticated, service_role;
  end if;
end $$;
create function extensions.set_graphql_placeholder() returns event_trigger language plpgsql as $$
begin
  if exists (select from pg_event_trigger_dropped_objects() where object_name = 'pg_graphql') then
    notify pgrst, 'reload schema';
  end if;
end $$;
grant execute on function extensions.grant_pg_cron_access(), extensions.grant_pg_net_access()
  to supabase_admin with grant option;
grant execute on function extensions.grant_pg_cron_access(), extensions.grant_pg_net_access() to dashboard_user;
revoke execute on function extensions.grant_pg_cron_access(), extensions.grant_pg_net_access() from postgres;

create event trigger issue_pg_cron_access on ddl_command_end when tag in ('CREATE EXTENSION')
  execute function extensions.grant_pg_cron_access();
create event trigger issue_pg_net_access on ddl_command_end when tag in ('CREATE EXTENSION')
  execute function extensions.grant_pg_net_access();
create event trigger issue_pg_graphql_access on ddl_command_end when tag in ('CREATE FUNCTION')
  execute function extensions.grant_pg_graphql_access();
create event trigger issue_graphql_placeholder on sql_drop when tag in ('DROP EXTENSION')
  execute function extensions.set_graphql_placeholder();
create event trigger pgrst_ddl_watch on ddl_command_end execute function extensions.pgrst_ddl_watch();
create event trigger pgrst_drop_watch on sql_drop execute function extensions.pgrst_drop_watch();

set role postgres;
create publication supabase_realtime;
reset role;
