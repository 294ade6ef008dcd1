alter table public.agent_registry enable row level security;
create policy "agents are public" on public.agent_registry for select to anon, authenticated using (state = 'active');
create policy "drafts for service" on public.agent_registry for all to service_role using (true) with check (true);
alter table public.experiments enable row level security;
create policy "experiments for members" on public.experiments for select to authenticated
  using (exists (select from public.agent_registry as a where a.id = agent_id and a.state <> 'draft'));
alter table public.artifacts enable row level security;
create policy "artifacts by name" on public.artifacts for select to authenticated using (name not like 'secret/%');
alter table public.predictions enable row level security;
alter table public.predictions force row level security;
create policy "predictions for reporters" on public.predictions for select to app_reporter using (confidence > 0.5);
create view public.active_agents with (security_invoker = true) as
  select id, name, model, capabilities from public.agent_registry where state = 'active';
create rule active_agents_insert as on insert to public.active_agents do instead
  insert into public.agent_registry (id, name, model, state) values (new.id, new.name, new.model, 'active');
grant select on public.active_agents to app_reporter;
revoke all on public.artifacts from anon, authenticated;
grant select (id, run_id, name, created_at) on public.artifacts to authenticated;
