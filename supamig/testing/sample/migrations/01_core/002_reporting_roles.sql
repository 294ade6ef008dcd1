-- Roles belong to the whole cluster, so this file must be able to run in a second database of it.
do $$
begin
  if not exists (select from pg_roles where rolname = 'app_reporter') then
    create role app_reporter nologin;
  end if;
  if not exists (select from pg_roles where rolname = 'app_reader') then
    create role app_reader login password 'reader-of-the-sample' connection limit 5 valid until '2030-01-01';
  end if;
exception when duplicate_object or unique_violation then
  null;  -- somebody made them a moment ago, in another database
end $$;

grant app_reporter to app_reader;
grant app_reporter to authenticator;
alter role app_reader set statement_timeout to '15s';
alter role app_reader set search_path to analytics, public;
grant usage on schema public to app_reporter;
