insert into public.memories (
  id, owner_id, parent_id, body, importance, valid, metadata, source, created_at, updated_at
)
select pg_temp.id(i, 'memory'), pg_temp.account(i, 'memory'),
       case when i % 3 = 0 then pg_temp.id(pg_temp.pick(i, 'parent', i - 1), 'memory') end,
       pg_temp.prose(i, 'memory', 1 + pg_temp.pick(i, 'length', 4)), pg_temp.part(i, 'importance')::real,
       case i % 5 when 0 then 'empty' when 1 then tstzrange('-infinity', pg_temp.at(i, 'valid'))
         when 2 then '(,)' else tstzrange(pg_temp.at(i, 'valid'), null, '()') end,
       jsonb_build_object('kind', (array['fact', 'plan', 'joke'])[pg_temp.pick(i, 'kind', 3)], 'n', pg_temp.part(i, 'n')),
       (array['u', 'a', 's', E'\\'])[pg_temp.pick(i, 'source', 4)]::"char", pg_temp.at(i, 'memory'), pg_temp.at(i, 'memory')
from generate_series(1, pg_temp.n(5000)) as i;

insert into public.memory_versions (memory_id, version, body, changed_at, changed_by)
select pg_temp.id(pg_temp.pick(i, 'of', pg_temp.n(5000)), 'memory'), i, nullif(pg_temp.prose(i, 'version', 1), ''),
       case when i % 500 = 0 then 'infinity' else pg_temp.at(i, 'version') end, pg_temp.account(i, 'version')
from generate_series(1, pg_temp.n(4000)) as i;

insert into public.entities (kind, name, attributes)
select (array['person', 'place', 'Ding'])[1 + i % 3], 'Entity ' || i, case when i % 7 > 0 then jsonb_build_object('i', i) end
from generate_series(1, pg_temp.n(1200)) as i order by i;
insert into public.entity_aliases (entity_id, alias)
select pg_temp.pick(i, 'entity', pg_temp.n(1200)), 'alias ' || i from generate_series(1, pg_temp.n(1500)) as i;
insert into public.observations (entity_id, memory_id, observed_at, value, unit)
select pg_temp.pick(i, 'observed', pg_temp.n(1200)),
       case when i % 2 = 0 then pg_temp.id(pg_temp.pick(i, 'seen', pg_temp.n(5000)), 'memory') end,
       pg_temp.at(i, 'observed') at time zone 'UTC',
       case i % 50 when 0 then 'NaN' when 1 then '-Infinity' else pg_temp.h(i, 'value') / 7.0::double precision end,
       (array['kg', 'm', '°C', 'µs'])[1 + i % 4]
from generate_series(1, pg_temp.n(5000)) as i order by i;

insert into public.memory_links (from_id, to_id, weight, relation)
select pg_temp.id(1 + i % pg_temp.n(5000), 'memory'),
       pg_temp.id(1 + (i + 1 + i / pg_temp.n(5000)) % pg_temp.n(5000), 'memory'), pg_temp.part(i, 'weight'), 'related'
from generate_series(1, pg_temp.n(3000)) as i;
insert into public.memory_tags (memory_id, tag_id)
select pg_temp.id(i, 'memory'), pg_temp.pick(i, 'memory tag', 40) from generate_series(1, pg_temp.n(3000)) as i;
insert into public.recall_log (memory_id, query, at)
select pg_temp.id(i, 'memory'), 'query ' || i, pg_temp.at(i, 'recall') from generate_series(1, pg_temp.n(300)) as i order by i;
-- The same row twice, and rows that only differ between NULL and nothing.
insert into public.memory_settings values
  ('twice', 'same'), ('twice', 'same'), ('nothing', ''), ('nothing', null), (null, null), (null, null), ('', '');
