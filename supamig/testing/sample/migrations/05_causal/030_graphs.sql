create table public.graphs (
  id         uuid primary key default gen_random_uuid(),
  title      text not null,
  author_id  uuid references public.profiles (id) on delete set null,
  layout     jsonb,
  bounds     box,
  outline    path,
  created_at timestamptz not null default now()
);
create table public.variables (
  id       bigint generated always as identity primary key,
  graph_id uuid not null references public.graphs (id) on delete cascade,
  name     text not null,
  kind     text not null default 'continuous',
  place    point,
  unique (graph_id, name)
);
create index variables_place on public.variables using gist (place);
create table public.edges (
  cause_id  bigint not null references public.variables (id) on delete cascade,
  effect_id bigint not null references public.variables (id) on delete cascade,
  strength  double precision,
  primary key (cause_id, effect_id),
  constraint no_self_loop check (cause_id <> effect_id)
);
