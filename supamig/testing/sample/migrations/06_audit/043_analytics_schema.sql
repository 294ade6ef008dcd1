-- A schema of its own, seen by the reporters alone.
create schema analytics;
grant usage on schema analytics to app_reporter;
alter default privileges in schema analytics grant select on tables to app_reporter;
comment on schema analytics is 'Numbers for people';

create table analytics.daily_events (
  day    date not null,
  action public.audit_action not null,
  events bigint not null,
  primary key (day, action)
);
create table analytics."Kennzahlen" (
  name  text primary key,
  value numeric
);
create sequence analytics.report_numbers increment 7 start 7;
create view analytics.activity as
  select date_trunc('day', happened_at at time zone 'UTC')::date as day, action, count(*) as events
  from public.audit_events group by 1, 2;
create function analytics.next_report() returns bigint language sql as $$ select nextval('analytics.report_numbers') $$;
grant usage on sequence analytics.report_numbers to app_reporter;
grant execute on function analytics.next_report() to app_reporter;

alter table public.audit_events enable row level security;
alter table public.audit_events force row level security;
create policy "audit for reporters" on public.audit_events for select to app_reporter using (action <> 'login');
create policy "audit is written by service" on public.audit_events for insert to service_role with check (true);
alter table public.data_changes enable row level security;
alter table public."order" enable row level security;
create policy "where" on public."order" for update to authenticated using ("where") with check ("select" is not null);
alter table analytics.daily_events enable row level security;
create policy "days for reporters" on analytics.daily_events for select to app_reporter using (true);
