create type public.agent_state as enum ('draft', 'active', 'retired');
create table public.agent_registry (
  id           integer primary key,
  name         text not null unique,
  model        text not null,
  state        public.agent_state not null default 'draft',
  capabilities text[] not null default '{}',
  limits       jsonb not null default '{"tokens": 4096}',
  price        numeric(12, 6),
  registered_at timestamptz not null default now(),
  constraint capabilities_one_dimension check (array_ndims(capabilities) = 1 or capabilities = '{}')
);
comment on table public.agent_registry is 'Eleven agents, in every installation';
create index agent_registry_capabilities on public.agent_registry using gin (capabilities) with (fastupdate = off);
