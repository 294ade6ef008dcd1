alter table public.memories enable row level security;
create policy "read own" on public.memories for select to authenticated using (owner_id = (select auth.uid()));
create policy "write own" on public.memories for insert to authenticated with check (owner_id = (select auth.uid()));
create policy "change own" on public.memories for update to authenticated
  using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
create policy "forget own" on public.memories for delete to authenticated using (owner_id = (select auth.uid()));

alter table public.memory_versions enable row level security;
create policy "history of own" on public.memory_versions for select to authenticated
  using (exists (select from public.memories as m where m.id = memory_id and m.owner_id = auth.uid()));
alter table public.memory_links enable row level security;
create policy "links of own" on public.memory_links to authenticated
  using (from_id in (select id from public.memories where owner_id = auth.uid()));
alter table public.entities enable row level security;
create policy "entities for all" on public.entities for select using (true);
create policy "entities by service" on public.entities for all to service_role using (true) with check (true);
alter table public.recall_log enable row level security;
