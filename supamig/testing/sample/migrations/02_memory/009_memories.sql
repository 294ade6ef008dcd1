create table public.memories (
  id          uuid primary key default gen_random_uuid(),
  owner_id    uuid not null references auth.users (id) on delete cascade,
  parent_id   uuid references public.memories (id) on delete set null,
  body        text not null,
  importance  real not null default 0.5,
  valid       tstzrange not null default tstzrange(now(), null),
  metadata    jsonb not null default '{}',
  source      "char" not null default 'u',
  body_length integer generated always as (char_length(body)) stored,
  search      tsvector generated always as (to_tsvector('english', body)) stored,
  created_at  timestamptz(3) not null default now(),
  updated_at  timestamptz not null default now(),
  constraint importance_in_range check (importance >= 0 and importance <= 1)
);
create index memories_search on public.memories using gin (search);
create index memories_metadata on public.memories using gin (metadata jsonb_path_ops);
create index memories_valid on public.memories using gist (valid);
create index memories_recent on public.memories (owner_id, created_at desc) where importance > 0.8;
create index memories_kind on public.memories ((metadata ->> 'kind'), (lower(body)) varchar_pattern_ops)
  where length(body) < 500;

create trigger memories_updated_at before update on public.memories
  for each row execute function public.set_updated_at();
