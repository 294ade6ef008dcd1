create table public.memory_links (
  from_id  uuid not null references public.memories (id) on delete cascade deferrable initially immediate,
  to_id    uuid not null references public.memories (id) on delete cascade deferrable initially deferred,
  weight   numeric(6, 5) not null default 1,
  relation text not null default 'related',
  primary key (from_id, to_id),
  check (from_id <> to_id)
);
create index memory_links_back on public.memory_links (to_id, from_id);

create table public.memory_tags (
  memory_id uuid not null references public.memories (id) on delete cascade,
  tag_id    smallint not null references public.tags (id) on delete cascade,
  primary key (memory_id, tag_id) include (tag_id)
);

-- Lost at a crash, and nobody minds.
create unlogged table public.recall_log (
  id        bigint generated always as identity primary key,
  memory_id uuid,
  query     text,
  at        timestamptz not null default now()
);

-- No primary key, and rows that are equal in every column.
create table public.memory_settings (
  name  text,
  value text
);
