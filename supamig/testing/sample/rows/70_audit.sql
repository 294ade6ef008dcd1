insert into public.actors (user_id, label, last_ip, user_agent)
select case when i % 3 > 0 then pg_temp.account(i, 'actor') end, 'actor ' || i,
       ('10.' || i % 256 || '.0.' || i % 250 || '/' || (24 + i % 9))::inet, case when i % 4 > 0 then 'curl/8.' || i end
from generate_series(1, pg_temp.n(80)) as i order by i;
insert into public.audit_events (id, happened_at, actor_id, action, object, details)
select pg_temp.id(i, 'event'),
       case when i % 900 = 0 then '-infinity' when i % 901 = 0 then 'infinity' else pg_temp.at(i, 'event') end,
       case when i % 6 > 0 then pg_temp.pick(i, 'actor', pg_temp.n(80)) end,
       (array['INSERT', 'UPDATE', 'DELETE', 'login', 'logout', ''])[pg_temp.pick(i, 'action', 6)]::public.audit_action,
       'public.' || (array['memories', '"Feature Store"', '"chat.drafts"'])[1 + i % 3],
       case when i % 8 > 0 then jsonb_build_object('row', i, 'old', pg_temp.part(i, 'old'), 'text', pg_temp.prose(i, 'event', 1)) end
from generate_series(1, pg_temp.n(9000)) as i;
insert into public.access_log (at, path, status, ms)
select pg_temp.at(i, 'access'), '/rest/v1/' || md5(i::text), (array[200, 201, 404, 500])[pg_temp.pick(i, 'status', 4)],
       pg_temp.part(i, 'ms')::double precision * 1000
from generate_series(1, pg_temp.n(4000)) as i order by i;
-- The rule would do it for whom deletes; it does not fire here either.
insert into public.access_log_archive select at, path, status, ms from public.access_log where id % 9 = 0 order by id;
delete from public.access_log where id % 9 = 0;
insert into public.ip_ranges (range, example, mac, allowed)
select ('10.' || i / 256 || '.' || i % 256 || '.0/24')::cidr, ('10.' || i / 256 || '.' || i % 256 || '.7/24')::inet,
       ('02:00:00:00:' || lpad(to_hex(i / 256), 2, '0') || ':' || lpad(to_hex(i % 256), 2, '0'))::macaddr,
       (array[true, false, null])[1 + i % 3]
from generate_series(0, pg_temp.n(120)) as i;
insert into public.retention_rules (id, target, keep, daily, from_time) values
  (1, 'default', default, default, null), (7, 'mixed signs', '-1 year 3 mons -5 days 04:05:06.000007', '24:00:00-15:59:59', '24:00'),
  (1000, 'long', '178000000 years', '00:00:00.000001+15:59:59', '00:00:00.0005'), (8, 'none', '0', '12:00 UTC', '23:59:59.999');
select setval('public.retention_rules_id_seq', 1000);
insert into public."order" ("select", "where", "group", "end", "Case")
select case when i % 2 = 0 then 'from' end, i % 3 = 0, case when i % 4 > 0 then array[i, null] end, pg_temp.at(i, 'end'), 'CASE'
from generate_series(1, pg_temp.n(50)) as i order by i;
insert into public.data_changes (relation, old_row, new_row, changed_at)
select (array['public.projects', 'public."Feature Store"', 'auth.users'])[1 + i % 3]::regclass, null,
       format('{"id": %s,   "name": "x", "id": 0}', i)::json, pg_temp.at(i, 'change')
from generate_series(1, pg_temp.n(900)) as i order by i;
insert into analytics.daily_events (day, action, events)
select day, action, sum(events) from analytics.activity where isfinite(day) group by day, action order by day, action;
insert into analytics."Kennzahlen" values ('Umsatz', 1234567.89), ('Größe', null), ('π', 3.14159265358979323846);
select analytics.next_report() from generate_series(1, 5);

insert into public.edge_times (id, note, day, clock, zoned, stamp, instant, span, seconds, days, instants, holidays) values
  (1, 'infinite', 'infinity', '24:00', '24:00:00+00', 'infinity', 'infinity', '178000000 years', '0.0005', '(,infinity)',
   '[-infinity,infinity]', '{(,)}'),
  (2, 'minus infinite', '-infinity', '00:00', '00:00:00-15:59:59', '-infinity', '-infinity', '-178000000 years', '-0.0005',
   '[-infinity,)', 'empty', '{}'),
  (3, 'before Christ', '4713-01-01 BC', '00:00:00.000001', '12:00:00.000001+05:30', '4713-01-01 00:00:00 BC',
   '4713-01-01 00:00:00+00 BC', '-1 year 2 mons -3 days 04:05:06.789012', '59.999', '[0044-03-15 BC,0001-01-01)',
   '["0044-03-15 12:00:00+00 BC",)', '{[0044-03-15 BC,0044-03-16 BC)}'),
  (4, 'far future', '5874897-12-31', '23:59:59.999999', '23:59:59.999999+15:59:59', '294276-12-31 23:59:59.999999',
   '294276-12-31 23:59:59.999999+00', '1 mon -1 day', '3600', '[5874897-12-30,5874897-12-31)',
   '["294276-12-31 23:59:59+00","294276-12-31 23:59:59.999999+00"]', null),
  (5, 'epoch and a microsecond', '1970-01-01', '00:00', '00:00+00', '1970-01-01 00:00:00.000001',
   '1969-12-31 23:59:59.999999+00', '0.000001', '0', 'empty', '(,)', null),
  (6, 'leap day, odd offset', '2024-02-29', '12:34:56.7', '12:34:56.7-03:30', '2024-02-29 12:34:56.7',
   '1883-11-18 12:03:58-04:56:02', '1 year -12 mons', '1.5', '[2024-02-29,2024-02-29]', '[2024-02-29 00:00+14,)', null),
  (7, 'nothing', null, null, null, null, null, null, null, null, null, null);
