create materialized view public.memory_digest as
  select owner_id, date_trunc('month', created_at at time zone 'UTC') as month, count(*) as memories,
         avg(importance)::numeric(6, 4) as importance
  from public.memories group by 1, 2;
create unique index memory_digest_key on public.memory_digest (owner_id, month);
-- One that stands on another one.
create materialized view public.memory_digest_total as
  select month, sum(memories) as memories from public.memory_digest group by month;
create index memory_digest_total_month on public.memory_digest_total (month);
revoke all on public.memory_digest from anon, authenticated;
grant select on public.memory_digest, public.memory_digest_total to app_reporter;
create view public.recent_memories as
  select m.id, m.body, p.username from public.memories as m join public.profiles as p on p.id = m.owner_id
  where m.created_at > now() - interval '30 days';
