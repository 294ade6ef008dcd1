create function public.keep_memory_version() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into memory_versions (memory_id, version, body, changed_at, changed_by)
  select old.id, coalesce(max(version), 0) + 1, old.body, clock_timestamp(), auth.uid()
  from memory_versions where memory_id = old.id;
  return null;
end $$;
create trigger keep_version after update of body on public.memories
  for each row when (old.body is distinct from new.body) execute function public.keep_memory_version();

create function public.search_memories(query text, most integer default 10)
returns setof public.memories language sql stable set search_path = public as $$
  select * from memories
  where search @@ websearch_to_tsquery('english', query)
  order by ts_rank(search, websearch_to_tsquery('english', query)) desc
  limit most
$$;
create function public.forget(variadic ids uuid[]) returns integer language plpgsql as $$
declare
  gone integer;
begin
  delete from public.memories where id = any (ids) and owner_id = auth.uid();
  get diagnostics gone = row_count;
  return gone;
end $$;
