-- One version on: migrations 0062 (object versions) and 0063; and what only `multitenant=false` makes.

set role supabase_storage_admin;

alter table storage.buckets
  add column versioning_status text default 'DISABLED' not null,
  add constraint buckets_versioning_dark_check check (versioning_status = 'DISABLED'),
  add constraint buckets_versioning_standard_only_check check (type = 'STANDARD' or versioning_status = 'DISABLED'),
  add constraint buckets_versioning_status_check check (versioning_status in ('DISABLED', 'ENABLED', 'SUSPENDED'));
alter table storage.objects
  add column archived_at timestamptz,
  add column is_delete_marker boolean default false not null,
  add column is_versioned boolean default false not null;

create table storage.iceberg_namespaces (
  id          uuid default gen_random_uuid() primary key,
  bucket_name text not null,
  name        text collate "C" not null,
  created_at  timestamptz default now() not null,
  updated_at  timestamptz default now() not null,
  metadata    jsonb default '{}' not null,
  catalog_id  uuid references storage.buckets_analytics (id) on delete cascade
);
create unique index idx_iceberg_namespaces_bucket_id on storage.iceberg_namespaces (catalog_id, name);

create table storage.iceberg_tables (
  id              uuid default gen_random_uuid() primary key,
  namespace_id    uuid not null references storage.iceberg_namespaces (id) on delete cascade,
  bucket_name     text not null,
  name            text collate "C" not null,
  location        text not null,
  created_at      timestamptz default now() not null,
  updated_at      timestamptz default now() not null,
  remote_table_id text,
  shard_key       text,
  shard_id        text,
  catalog_id      uuid references storage.buckets_analytics (id) on delete cascade
);
create unique index idx_iceberg_tables_namespace_id on storage.iceberg_tables (catalog_id, namespace_id, name);
create unique index idx_iceberg_tables_location on storage.iceberg_tables (location);

alter table storage.iceberg_namespaces enable row level security;
alter table storage.iceberg_tables enable row level security;
grant all on storage.iceberg_namespaces, storage.iceberg_tables to service_role;
grant select on storage.iceberg_namespaces, storage.iceberg_tables to anon, authenticated;

insert into storage.migrations (id, name, hash, executed_at) values
  (62, 'object-versioning-core', '0b855f00ff3be0bfca91efee02a9858912491a9a', timestamp '2026-03-01 09:00:00'),
  (63, 'fix-search-name-relative-to-prefix', 'c7485e417624f795ce8bb2da21927f48e088904d', timestamp '2026-03-01 09:00:00');

reset role;
