create table public.queries (
  id        uuid primary key default gen_random_uuid(),
  asked_by  uuid references public.profiles (id) on delete set null,
  question  text not null,
  embedding extensions.vector(8),
  asked_at  timestamptz not null default now()
);
create table public.query_hits (
  query_id uuid not null references public.queries (id) on delete cascade,
  chunk_id bigint not null references public.chunks (id) on delete cascade,
  rank     smallint not null,
  score    real,
  primary key (query_id, rank)
) with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05);
-- A name with quotes, and a column named like its table.
create table public."say ""hi""" (
  "say ""hi""" text primary key,
  "back\slash" text,
  "per%cent"   integer,
  ":colon"     text,
  "$1"         text
);
