create function public.record_change() returns trigger
language plpgsql security definer set search_path = '' set statement_timeout = '5s' as $$
begin
  insert into public.data_changes (relation, old_row, new_row)
  values (
    tg_relid,
    case when tg_op <> 'INSERT' then pg_catalog.to_json(old) end,
    case when tg_op <> 'DELETE' then pg_catalog.to_json(new) end
  );
  return null;
end $$;
create trigger record_change after update or delete on public.projects
  for each row execute function public.record_change();
create trigger record_change after update on public.settings
  for each row execute function public.record_change();

create function public.note_statement() returns trigger language plpgsql as $$
begin
  perform set_config('app.changed_rows', (select count(*)::text from changed), true);
  return null;
end $$;
create trigger note_retention after update on public.retention_rules
  referencing new table as changed for each statement execute function public.note_statement();

create function public.audit_summary(since timestamptz default '-infinity')
returns table (action public.audit_action, events bigint, last_at timestamptz)
language sql stable parallel restricted as $$
  select e.action, count(*), max(e.happened_at) from public.audit_events as e
  where e.happened_at >= since group by e.action
$$;
grant execute on function public.audit_summary(timestamptz) to app_reporter, service_role;
revoke execute on function public.audit_summary(timestamptz) from authenticated;
