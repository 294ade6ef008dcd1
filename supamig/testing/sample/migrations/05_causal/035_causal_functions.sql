create function public.ancestors(variable bigint) returns setof bigint language sql stable as $$
  with recursive up (id) as (
    select cause_id from public.edges where effect_id = variable
    union
    select e.cause_id from public.edges as e join up on e.effect_id = up.id
  )
  select id from up
$$;
create function public.refuse_cycle() returns trigger language plpgsql as $$
begin
  if new.effect_id in (select public.ancestors(new.cause_id)) then
    raise exception 'edge % -> % closes a cycle', new.cause_id, new.effect_id;
  end if;
  return new;
end $$;
create constraint trigger edges_stay_acyclic after insert or update on public.edges
  deferrable initially immediate for each row execute function public.refuse_cycle();
-- Slow: only switched on while somebody edits by hand.
alter table public.edges disable trigger edges_stay_acyclic;

create function public.log_effect() returns trigger language plpgsql as $$
begin
  perform set_config('app.last_effect', new.id::text, true);
  return null;
end $$;
-- Fires also where the load says it is a replica.
create trigger effects_logged after insert on public.effects for each row execute function public.log_effect();
alter table public.effects enable always trigger effects_logged;
create trigger interventions_on_replica after insert on public.interventions
  for each row execute function public.log_effect();
alter table public.interventions enable replica trigger interventions_on_replica;
