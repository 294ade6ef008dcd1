-- Database webhooks: made when a self-hosted database starts for the first time, on the platform only on demand.
-- Sending needs the extension pg_net, which is not here: the trigger logs the call and sends nothing.

create schema supabase_functions;
grant usage on schema supabase_functions to postgres, anon, authenticated, service_role;
grant all on schema supabase_functions to supabase_functions_admin;
alter default privileges in schema supabase_functions grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges in schema supabase_functions grant all on sequences to postgres, anon, authenticated, service_role;
alter default privileges in schema supabase_functions grant all on functions to postgres, anon, authenticated, service_role;

create table supabase_functions.migrations (
  version     text primary key,
  inserted_at timestamptz default now() not null
);
create table supabase_functions.hooks (
  id            bigserial primary key,
  hook_table_id integer not null,
  hook_name     text not null,
  created_at    timestamptz default now() not null,
  request_id    bigint
);
create index supabase_functions_hooks_request_id_idx on supabase_functions.hooks (request_id);
create index supabase_functions_hooks_h_table_id_h_name_idx on supabase_functions.hooks (hook_table_id, hook_name);
create function supabase_functions.http_request() returns trigger
language plpgsql security definer set search_path = supabase_functions as $$
begin
  insert into supabase_functions.hooks (hook_table_id, hook_name) values (tg_relid::integer, tg_name);
  return new;
end $$;
revoke execute on function supabase_functions.http_request() from public;

alter table supabase_functions.migrations owner to supabase_functions_admin;
alter table supabase_functions.hooks owner to supabase_functions_admin;
alter function supabase_functions.http_request() owner to supabase_functions_admin;
insert into supabase_functions.migrations values
  ('initial', '2026-03-01 09:00:00+00'), ('20210809183423_update_grants', '2026-03-01 09:00:00+00');
