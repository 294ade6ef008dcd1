alter table public.graphs enable row level security;
create policy "graphs are read" on public.graphs for select to anon, authenticated using (true);
create policy "graphs of authors" on public.graphs for all to authenticated
  using (author_id = (select auth.uid())) with check (author_id = (select auth.uid()));
alter table public.variables enable row level security;
create policy "variables with graphs" on public.variables for select to anon, authenticated
  using (exists (select from public.graphs as g where g.id = graph_id));
alter table public.assumptions enable row level security;
create policy "assumptions are read" on public.assumptions for select to authenticated, service_role using (true);
create policy "believed ones are written" on public.assumptions for insert to service_role with check (believed > 0);
alter table public.evidence enable row level security;
create policy "evidence for service" on public.evidence to service_role using (true);
alter table public.effects enable row level security;
revoke all on public.counterfactuals from anon, authenticated, service_role;

create view public.graph_sizes as
  select g.id, g.title, count(distinct v.id) as variables, count(e.*) as edges
  from public.graphs as g
  left join public.variables as v on v.graph_id = g.id
  left join public.edges as e on e.cause_id = v.id
  group by g.id
  having count(distinct v.id) > 0;
