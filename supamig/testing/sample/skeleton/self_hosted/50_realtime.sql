-- One version behind the cloud: no binary payloads yet, other days; and the tenants' own schema, which a project
-- on the platform does not hold.

alter table realtime.messages drop constraint messages_payload_exclusive;
alter table realtime.messages drop column binary_payload;
drop function realtime.send_binary(bytea, text, text, boolean);
drop table realtime.messages_2026_01_15;
create table realtime.messages_2026_03_01 partition of realtime.messages
  for values from ('2026-03-01') to ('2026-03-02');
delete from realtime.schema_migrations where version >= 20260706120000;

create schema _realtime;
create table _realtime.schema_migrations (
  version     bigint primary key,
  inserted_at timestamp(0)
);
create table _realtime.tenants (
  id          uuid primary key,
  name        text,
  external_id text unique,
  jwt_secret  text,
  inserted_at timestamp(0) not null,
  updated_at  timestamp(0) not null
);
create table _realtime.extensions (
  id                 uuid primary key,
  type               text,
  settings           jsonb,
  tenant_external_id text references _realtime.tenants (external_id) on delete cascade,
  inserted_at        timestamp(0) not null,
  updated_at         timestamp(0) not null
);
insert into _realtime.schema_migrations values (20210706140551, '2026-03-01 09:00:00');
insert into _realtime.tenants values
  ('0b9fd5ac-3b5b-4f0e-b7d5-25d2d1b6a001', 'realtime-dev', 'realtime-dev', 'sealed', '2026-03-01 09:00:00', '2026-03-01 09:00:00');
