create type public.audit_action as enum ('INSERT', 'UPDATE', 'DELETE', 'login', 'logout', '');
create table public.actors (
  id         bigint generated always as identity primary key,
  user_id    uuid references auth.users (id) on delete set null,
  label      text not null,
  last_ip    inet,
  user_agent text
);
create table public.audit_events (
  id          uuid not null default gen_random_uuid(),
  happened_at timestamptz not null default now(),
  actor_id    bigint references public.actors (id) on delete set null,
  action      public.audit_action not null,
  object      text,
  details     jsonb,
  primary key (happened_at, id)
) partition by range (happened_at);
create table public.audit_events_2025 partition of public.audit_events
  for values from ('2025-01-01 00:00:00+00') to ('2026-01-01 00:00:00+00') with (autovacuum_enabled = false);
create table public.audit_events_2026 partition of public.audit_events
  for values from ('2026-01-01 00:00:00+00') to ('2027-01-01 00:00:00+00');
create table public.audit_events_default partition of public.audit_events default;
create index audit_events_details on public.audit_events using gin (details);
create index audit_events_actor on public.audit_events (actor_id, happened_at desc) where actor_id is not null;
