create table public.interventions (
  id          integer generated always as identity primary key,
  variable_id bigint not null references public.variables (id) on delete cascade,
  value       numeric,
  applied     tstzrange not null,
  -- Two interventions of the whole plant never overlap.
  constraint interventions_no_overlap exclude using gist (applied with &&) where (value is not null)
);
create table public.time_windows (
  id      serial primary key,
  span    int4range not null,
  pauses  datemultirange not null default '{}',
  exclude using gist (span with &&) deferrable initially deferred
);
create table public.assumptions (
  id       uuid primary key default gen_random_uuid(),
  graph_id uuid references public.graphs (id) on delete cascade,
  text     text not null,
  believed numeric(3, 2),
  holds    boolean
);
-- Old rows break it, and nobody has cleaned up yet.
alter table public.assumptions add constraint believed_is_probability check (believed <= 1) not valid;
