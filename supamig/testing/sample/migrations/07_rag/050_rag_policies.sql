alter table public.sources enable row level security;
create policy "sources of owners" on public.sources to authenticated
  using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
alter table public.documents enable row level security;
create policy "documents of sources" on public.documents for select to authenticated
  using (exists (select from public.sources as s where s.id = source_id));
create policy "public documents" on public.documents for select to anon using (meta @> '{"public": true}');
alter table public.chunks enable row level security;
create policy "chunks of documents" on public.chunks for select to anon, authenticated
  using (document_id in (select id from public.documents));
alter table public.chunk_embeddings enable row level security;
alter table public.queries enable row level security;
alter table public.queries force row level security;
create policy "own questions" on public.queries for all to authenticated
  using (asked_by = (select auth.uid())) with check (asked_by = (select auth.uid()));
alter table public."say ""hi""" enable row level security;
create policy "say ""hi""" on public."say ""hi""" for select to anon using ("per%cent" > 0 and ":colon" <> '$1');

create materialized view public.document_sizes as
  select d.id, d.title, count(c.id) as chunks, sum(c.tokens) as tokens
  from public.documents as d left join public.chunks as c on c.document_id = d.id group by d.id;
create unique index document_sizes_key on public.document_sizes (id);
create index document_sizes_large on public.document_sizes (tokens desc nulls last) where tokens > 100;
grant select on public.document_sizes to app_reporter;
