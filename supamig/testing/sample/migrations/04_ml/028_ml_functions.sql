create function public.sum_squares_step(state double precision, value double precision)
returns double precision language sql immutable strict as 'select state + value * value';
create aggregate public.sum_of_squares(double precision) (
  sfunc = public.sum_squares_step, stype = double precision, initcond = '0', parallel = safe
);
create function public.register_agent(agent_name text, model text, variadic capabilities text[] default '{}')
returns public.agent_registry language plpgsql security definer set search_path = '' as $$
declare
  made public.agent_registry;
begin
  insert into public.agent_registry (id, name, model, capabilities)
  select coalesce(max(id), 0) + 1, agent_name, register_agent.model, register_agent.capabilities
  from public.agent_registry
  returning * into made;
  return made;
end $$;
revoke execute on function public.register_agent(text, text, text[]) from public, anon, authenticated;
create function public.refuse_agent_removal() returns trigger language plpgsql as $$
begin
  raise exception 'agents are retired, not deleted';
end $$;
create trigger no_truncate before truncate on public.agent_registry
  for each statement execute function public.refuse_agent_removal();
create operator public.<~> (leftarg = double precision, rightarg = double precision, function = public.sum_squares_step);
create cast (public.money_amount as text) with inout as assignment;
