-- Schema `realtime`: what the Realtime service makes in a tenant's database, owned by supabase_realtime_admin.
-- The bodies that read replication messages are left out: nothing in a move calls them.

set role supabase_realtime_admin;

create type realtime.action as enum ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'ERROR');
create type realtime.equality_op as enum ('eq', 'neq', 'lt', 'lte', 'gt', 'gte', 'in', 'like', 'ilike', 'is', 'match', 'imatch', 'isdistinct');
create type realtime.user_defined_filter as (column_name text, op realtime.equality_op, value text, negate boolean);
create type realtime.wal_column as (name text, type_name text, type_oid oid, value jsonb, is_pkey boolean, is_selectable boolean);
create type realtime.wal_rls as (wal jsonb, is_rls_enabled boolean, subscription_ids uuid[], errors text[]);

create function realtime.to_regrole(role_name text) returns regrole language sql immutable as $$
  select role_name::regrole
$$;

create table realtime.messages(
  topic          text not null,
  extension      text not null,
  payload        jsonb,
  event          text,
  private        boolean default false,
  updated_at     timestamp default now() not null,
  inserted_at    timestamp default now() not null,
  id             uuid default gen_random_uuid() not null,
  binary_payload bytea,
  constraint messages_pkey primary key (id, inserted_at)
) partition by range (inserted_at);
alter table realtime.messages add constraint messages_payload_exclusive check (((payload IS NULL) OR (binary_payload IS NULL))) NOT VALID;
create index messages_inserted_at_topic_index on only realtime.messages (inserted_at desc, topic) where ((extension = 'broadcast'::text) AND (private IS TRUE));

create table realtime.schema_migrations (
  version     bigint not null,
  inserted_at timestamp(0) default now(),
  constraint schema_migrations_pkey primary key (version)
);

create table realtime.subscription (
  id               bigint generated always as identity,
  subscription_id  uuid not null,
  entity           regclass not null,
  filters          realtime.user_defined_filter[] default '{}'::realtime.user_defined_filter[] not null,
  claims           jsonb not null,
  claims_role      regrole generated always as (realtime.to_regrole((claims ->> 'role'::text))) stored not null,
  created_at       timestamp default timezone('utc'::text, now()) not null,
  action_filter    text default '*'::text,
  selected_columns text[],
  constraint pk_subscription primary key (id),
  constraint subscription_action_filter_check check ((action_filter = ANY (ARRAY['*'::text, 'INSERT'::text, 'UPDATE'::text, 'DELETE'::text])))
);
create index ix_realtime_subscription_entity on realtime.subscription (entity);
create unique index subscription_subscription_id_entity_filters_action_filter_selec on realtime.subscription (subscription_id, entity, filters, action_filter, COALESCE(selected_columns, '{}'::text[]));


alter table realtime.messages enable row level security;
create function realtime.topic() returns text language sql stable as $$
  select nullif(current_setting('realtime.topic', true), '')::text
$$;
create function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void
language plpgsql as $$
begin
  perform set_config('realtime.topic', topic, true);
  insert into realtime.messages (payload, event, topic, private, extension)
  values (payload, event, topic, private, 'broadcast');
end $$;
create function realtime.send_binary(payload bytea, event text, topic text, private boolean default true) returns void
language plpgsql as $$
begin
  insert into realtime.messages (binary_payload, event, topic, private, extension)
  values (payload, event, topic, private, 'broadcast');
end $$;
create function realtime.broadcast_changes(
  topic_name text, event_name text, operation text, table_name text, table_schema text, new record, old record,
  level text default 'ROW'
) returns void language plpgsql as $$
begin
  perform realtime.send(
    jsonb_build_object('schema', table_schema, 'table', table_name, 'operation', operation, 'record', to_jsonb(new),
                       'old_record', to_jsonb(old)),
    event_name, topic_name);
end $$;
create function realtime.quote_wal2json(entity regclass) returns text language sql immutable as $$
  select entity::text
$$;
create function realtime.subscription_check_filters() returns trigger language plpgsql as $$
begin
  if exists (
    select from unnest(new.filters) as filter
    where not exists (
      select from pg_catalog.pg_attribute
      where attrelid = new.entity and attname = filter.column_name and not attisdropped)
  ) then
    raise exception 'invalid column for filter';
  end if;
  return new;
end $$;
create trigger tr_check_filters before insert or update on realtime.subscription
  for each row execute function realtime.subscription_check_filters();

grant all on realtime.messages, realtime.subscription to postgres, dashboard_user;
grant select, insert, update on realtime.messages to anon, authenticated, service_role;
grant select on realtime.subscription to anon, authenticated, service_role;
grant all on sequence realtime.subscription_id_seq to postgres, dashboard_user;
grant usage on sequence realtime.subscription_id_seq to anon, authenticated, service_role;
grant execute on all functions in schema realtime to postgres, dashboard_user;
grant execute on function realtime.to_regrole(text), realtime.quote_wal2json(regclass),
  realtime.subscription_check_filters() to anon, authenticated, service_role;

reset role;

alter table realtime.schema_migrations owner to supabase_admin;
insert into realtime.schema_migrations (version) values
  (20211116024918), (20211116045059), (20211116050929), (20211116051442), (20211116212300), (20211116213355),
  (20211116213934), (20211116214523), (20211122062447), (20211124070109), (20211202204204), (20211202204605),
  (20211210212804), (20211228014915), (20220107221237), (20220228202821), (20220312004840), (20220603231003),
  (20220603232444), (20220615214548), (20220712093339), (20220908172859), (20220916233421), (20230119133233),
  (20230128025114), (20230128025212), (20230227211149), (20230228184745), (20230308225145), (20230328144023),
  (20231018144023), (20231204144023), (20231204144024), (20231204144025), (20240108234812), (20240109165339),
  (20240227174441), (20240311171622), (20240321100241), (20240401105812), (20240418121054), (20240523004032),
  (20240618124746), (20240801235015), (20240805133720), (20240827160934), (20240919163303), (20240919163305),
  (20241019105805), (20241030150047), (20241108114728), (20241121104152), (20241130184212), (20241220035512),
  (20241220123912), (20241224161212), (20250107150512), (20250110162412), (20250123174212), (20250128220012),
  (20250506224012), (20250523164012), (20250714121412), (20250905041441), (20251103001201), (20251120212548),
  (20251120215549), (20260218120000), (20260326120000), (20260514120000), (20260527120000), (20260528120000),
  (20260603120000), (20260605120000), (20260606110000), (20260616120000), (20260624120000), (20260626120000),
  (20260706120000), (20260707120000), (20260709120000);
update realtime.schema_migrations set inserted_at = timestamp '2026-01-15 09:00:00';

-- The running service adds a partition for every day.
create table realtime.messages_2026_01_15 partition of realtime.messages
  for values from ('2026-01-15') to ('2026-01-16');
