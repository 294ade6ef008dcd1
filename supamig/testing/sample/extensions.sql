-- Extensions that the project's owner switched on, where the server offers them.
do $$
declare
  wanted text;
begin
  if current_setting('sample.portable')::boolean then
    return;
  end if;
  foreach wanted in array array['pg_trgm', 'vector'] loop
    if exists (select from pg_available_extensions where name = wanted) then
      execute format('create extension if not exists %I with schema extensions', wanted);
    end if;
  end loop;
end $$;
