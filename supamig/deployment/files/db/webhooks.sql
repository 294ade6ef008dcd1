-- Database webhooks: triggers that call a URL through pg_net.
-- Triggers made on Supabase Cloud name supabase_functions.http_request(), so its arguments and the
-- rows that it leaves behind are a contract.

begin;

create extension if not exists pg_net schema extensions;

create schema supabase_functions authorization supabase_admin;
grant usage on schema supabase_functions to postgres, anon, authenticated, service_role;
alter default privileges in schema supabase_functions
  grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges in schema supabase_functions
  grant all on functions to postgres, anon, authenticated, service_role;
alter default privileges in schema supabase_functions
  grant all on sequences to postgres, anon, authenticated, service_role;

create table supabase_functions.migrations (
  version text primary key,
  inserted_at timestamptz not null default now()
);

create table supabase_functions.hooks (
  id bigserial primary key,
  hook_table_id integer not null,
  hook_name text not null,
  created_at timestamptz not null default now(),
  request_id bigint
);
comment on table supabase_functions.hooks is 'Which webhook sent which request.';
create index supabase_functions_hooks_request_id_idx
  on supabase_functions.hooks using btree (request_id);
create index supabase_functions_hooks_h_table_id_h_name_idx
  on supabase_functions.hooks using btree (hook_table_id, hook_name);

-- Arguments of the trigger: url, method, headers, params, milliseconds to wait.
create function supabase_functions.http_request() returns trigger
  language plpgsql
  security definer
  set search_path to supabase_functions
as $function$
declare
  url text := nullif(nullif(tg_argv[0], 'null'), '');
  method text := nullif(nullif(tg_argv[1], 'null'), '');
  headers jsonb := coalesce(
    nullif(nullif(tg_argv[2], 'null'), '')::jsonb, '{"Content-Type": "application/json"}'
  );
  params jsonb := coalesce(nullif(nullif(tg_argv[3], 'null'), '')::jsonb, '{}');
  wait integer := coalesce(nullif(nullif(tg_argv[4], 'null'), '')::integer, 1000);
  request bigint;
begin
  if url is null then
    raise exception 'url argument is missing';
  end if;
  case coalesce(method, '')
    when 'GET' then
      request := net.http_get(
        url := url, params := params, headers := headers, timeout_milliseconds := wait
      );
    when 'POST' then
      request := net.http_post(
        url := url,
        body := jsonb_build_object(
          'type', tg_op,
          'table', tg_table_name,
          'schema', tg_table_schema,
          'record', case when tg_op = 'DELETE' then null else to_jsonb(new) end,
          'old_record', case when tg_op = 'INSERT' then null else to_jsonb(old) end
        ),
        params := params,
        headers := headers,
        timeout_milliseconds := wait
      );
    when '' then
      raise exception 'method argument is missing';
    else
      raise exception 'method argument % is invalid', method;
  end case;
  insert into supabase_functions.hooks (hook_table_id, hook_name, request_id)
  values (tg_relid, tg_name, request);
  if tg_op = 'DELETE' then
    return old;
  end if;
  return new;
end
$function$;

insert into supabase_functions.migrations (version)
values ('initial'), ('20210809183423_update_grants');

create role supabase_functions_admin noinherit createrole login noreplication;
alter role supabase_functions_admin set search_path = supabase_functions;
grant all on schema supabase_functions to supabase_functions_admin;
grant all on all tables in schema supabase_functions to supabase_functions_admin;
grant all on all sequences in schema supabase_functions to supabase_functions_admin;
grant supabase_functions_admin to postgres;
alter table supabase_functions.migrations owner to supabase_functions_admin;
alter table supabase_functions.hooks owner to supabase_functions_admin;
alter function supabase_functions.http_request() owner to supabase_functions_admin;
revoke all on function supabase_functions.http_request() from public;
grant execute on function supabase_functions.http_request()
  to postgres, anon, authenticated, service_role;

-- A role of old images, which owned pg_net before.
do $block$
begin
  if exists (select from pg_roles where rolname = 'supabase_pg_net_admin') then
    reassign owned by supabase_pg_net_admin to supabase_admin;
    drop owned by supabase_pg_net_admin;
    drop role supabase_pg_net_admin;
  end if;
end
$block$;

-- pg_net's functions belong to whoever made the extension; those who may call them are few.
create or replace function extensions.grant_pg_net_access() returns event_trigger
  language plpgsql
as $function$
declare
  callable text;
begin
  if not exists (
    select
    from pg_event_trigger_ddl_commands() as command
    join pg_extension as extension on extension.oid = command.objid
    where extension.extname = 'pg_net'
  ) then
    return;
  end if;
  grant usage on schema net
    to supabase_functions_admin, postgres, anon, authenticated, service_role;
  foreach callable in array array[
    'net.http_get(text, jsonb, jsonb, integer)',
    'net.http_post(text, jsonb, jsonb, jsonb, integer)'
  ] loop
    execute format('alter function %s security definer', callable);
    execute format('alter function %s set search_path = net', callable);
    execute format('revoke all on function %s from public', callable);
    execute format(
      'grant execute on function %s'
      ' to supabase_functions_admin, postgres, anon, authenticated, service_role',
      callable
    );
  end loop;
end
$function$;
comment on function extensions.grant_pg_net_access() is 'Lets the API''s roles call pg_net.';

do $block$
begin
  if not exists (select from pg_event_trigger where evtname = 'issue_pg_net_access') then
    create event trigger issue_pg_net_access on ddl_command_end
      when tag in ('CREATE EXTENSION')
      execute function extensions.grant_pg_net_access();
  end if;
end
$block$;

grant usage on schema net
  to supabase_functions_admin, postgres, anon, authenticated, service_role;
alter function net.http_get(text, jsonb, jsonb, integer) security definer;
alter function net.http_get(text, jsonb, jsonb, integer) set search_path = net;
revoke all on function net.http_get(text, jsonb, jsonb, integer) from public;
grant execute on function net.http_get(text, jsonb, jsonb, integer)
  to supabase_functions_admin, postgres, anon, authenticated, service_role;
alter function net.http_post(text, jsonb, jsonb, jsonb, integer) security definer;
alter function net.http_post(text, jsonb, jsonb, jsonb, integer) set search_path = net;
revoke all on function net.http_post(text, jsonb, jsonb, jsonb, integer) from public;
grant execute on function net.http_post(text, jsonb, jsonb, jsonb, integer)
  to supabase_functions_admin, postgres, anon, authenticated, service_role;

commit;
