-- What `postgres` made as a superuser and may not own as anybody else goes to `supabase_admin`.
do $$
declare
  one name;
begin
  for one in select evtname from pg_event_trigger where evtowner = 'postgres'::regrole loop
    execute format('alter event trigger %I owner to supabase_admin', one);
  end loop;
end $$;
alter role postgres nosuperuser;
