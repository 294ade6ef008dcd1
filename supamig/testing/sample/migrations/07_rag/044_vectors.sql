-- Without pgvector the embeddings are arrays of real, and the indexes over them are left out.

create table public.sources (
  id         uuid primary key default gen_random_uuid(),
  url        text not null unique,
  title      text,
  fetched_at timestamptz,
  owner_id   uuid references public.profiles (id) on delete cascade
);
create table public.documents (
  id         bigint generated always as identity primary key,
  source_id  uuid references public.sources (id) on delete cascade,
  title      text not null,
  language   char(2) not null default 'en',
  body       text,
  meta       jsonb not null default '{}',
  created_at timestamptz not null default now()
);
create index documents_title on public.documents (lower(title), language);
create index documents_body on public.documents using gin (to_tsvector('simple', coalesce(body, '')));
