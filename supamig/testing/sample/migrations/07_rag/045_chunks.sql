create table public.chunks (
  id          bigint generated always as identity primary key,
  document_id bigint not null references public.documents (id) on delete cascade,
  position    integer not null,
  content     text not null,
  tokens      integer generated always as (length(content) / 4) stored,
  unique (document_id, position) deferrable
);
create table public.chunk_embeddings (
  chunk_id  bigint primary key references public.chunks (id) on delete cascade,
  model_id  integer references public.models (id),
  embedding extensions.vector(8)
);
do $$
begin
  if to_regtype('extensions.vector') is not null then
    execute 'create index chunk_embeddings_nearest on public.chunk_embeddings
             using hnsw (embedding extensions.vector_cosine_ops) with (m = 8, ef_construction = 32)';
  end if;
end $$;
create table public.crawl_jobs (
  id        bigserial primary key,
  source_id uuid references public.sources (id) on delete cascade,
  schedule  text not null,
  last_run  timestamptz,
  next_run  timestamptz default 'infinity',
  log       text
);
