insert into public.agent_registry (id, name, model, state, capabilities, limits, price, registered_at)
select i, 'agent-' || i, (array['small', 'large', 'größer'])[1 + i % 3],
       (array['draft', 'active', 'retired'])[1 + i % 3]::public.agent_state,
       case when i % 4 = 0 then '{}' else array['search', 'say "hi"', 'a\b'] end,
       jsonb_build_object('tokens', 4096 * i), i * 0.000125, timestamptz '2025-01-01 00:00:00+00' + i * interval '1 day'
from generate_series(1, 11) as i;
insert into public.models (name, "Feature Count", parameters, released)
select 'model ' || i, i * 100, public.float_range(i / 10.0, case when i % 2 = 0 then 'infinity' else i::double precision end), date '2025-01-01' + i
from generate_series(1, 8) as i order by i;
insert into public.model_versions (model_id, version, weights, checksum)
select 1 + i % 8, i || '.0.' || i, pg_temp.embedding(i, 'weights'), pg_temp.bytes(i, 'checksum', 1)
from generate_series(1, 24) as i;
insert into public.datasets (id, name, size_bytes, split, sample)
select pg_temp.id(i, 'dataset'), 'dataset ' || i, pg_temp.h(i, 'size'), public.text_span('a' || i, 'b'),
       case i % 3 when 0 then '{}' when 1 then array[['a', null], ['"', '\']] else '[0:1][-1:0]={{1,2},{3,4}}' end
from generate_series(1, 20) as i;
insert into public.dataset_columns (dataset_id, position, name, data_type)
select pg_temp.id(1 + i % 20, 'dataset'), i, 'column_' || i,
       (array['integer', 'text', 'pg_catalog."char"', 'timestamptz', 'auth.aal_level'])[1 + i % 5]::regtype
from generate_series(1, 120) as i;
insert into public.experiments (name, agent_id, started_at, finished_at)
select 'experiment ' || i, case when i % 12 > 0 then i % 12 end, pg_temp.at(i, 'started'),
       pg_temp.at(i, 'started') + pg_temp.h(i, 'took') % 1000000000 * interval '1 microsecond'
from generate_series(1, pg_temp.n(150)) as i order by i;
insert into public.runs (experiment_id, seed, status, params)
select 5001 - pg_temp.pick(i, 'experiment', pg_temp.n(150)), pg_temp.h(i, 'seed') * (i % 2 * 2 - 1),
       (array['queued', 'done', 'failed'])[1 + i % 3], jsonb_build_object('rate', pg_temp.part(i, 'rate'))
from generate_series(1, pg_temp.n(700)) as i order by i;
insert into public.run_metrics (id, run_id, step, name, value)
select i, 1000 + (i - 1) % pg_temp.n(700), i / pg_temp.n(700), 'loss',
       case when i % 400 = 0 then 'NaN' else 1 / (1 + pg_temp.part(i, 'loss')::double precision) end
from generate_series(1, pg_temp.n(7000)) as i;
update public.runs as r set best_metric_id = b.id
from (select distinct on (run_id) run_id, id from public.run_metrics order by run_id, value, id) as b
where b.run_id = r.id;
select nextval('public.ticket_numbers') from generate_series(1, 17);
insert into public.predictions (run_id, input, label, confidence, made_on)
select 999 + pg_temp.pick(i, 'run', pg_temp.n(700)), jsonb_build_object('x', i, 'y', array[i, null]),
       case when i % 10 > 0 then 'label ' || i % 7 end, pg_temp.part(i, 'confidence'), pg_temp.at(i, 'made')::date
from generate_series(1, pg_temp.n(3000)) as i order by i;
insert into public.artifacts (id, run_id, name, content, created_at)
select pg_temp.id(i, 'artifact'), 999 + i, 'artifact ' || i, pg_temp.bytes(i, 'artifact', i * 40), pg_temp.at(i, 'artifact')
from generate_series(1, 3) as i;
-- Five megabytes in one value; and an empty one, which is not NULL.
insert into public.artifacts (id, run_id, name, content, created_at) values
  (pg_temp.id(100, 'artifact'), null, 'five megabytes', pg_temp.bytes(100, 'artifact', 81920), '2025-06-01 00:00:00+00'),
  (pg_temp.id(101, 'artifact'), null, 'empty', '', '2025-06-01 00:00:00+00'),
  (pg_temp.id(102, 'artifact'), null, 'none', null, '2025-06-01 00:00:00+00'),
  (pg_temp.id(103, 'artifact'), null, 'every byte',
   (select string_agg(set_byte('\x00', 0, b), '' order by b) from generate_series(0, 255) as b), '2025-06-01 00:00:00+00');
insert into public."Feature Store" ("Feature Name", "Value Type", "Default")
select 'Feature "' || i || '"', 'real', case when i % 2 = 0 then '' end from generate_series(1, pg_temp.n(50)) as i;

insert into public.edge_numbers (id, note, smallest, whole, biggest, exact, scaled, single, double, flags, many) values
  (1, 'smallest', -32768, -2147483648, -9223372036854775808, '-Infinity', -9999999999.9999999999, '-Infinity',
   '-Infinity', b'', '{}'),
  (2, 'largest', 32767, 2147483647, 9223372036854775807, 'Infinity', 9999999999.9999999999, 'Infinity', 'Infinity',
   repeat('1', 70)::varbit, '{Infinity,-Infinity,NaN,NULL}'),
  (3, 'not a number', null, null, null, 'NaN', 'NaN', 'NaN', 'NaN', null, null),
  (4, 'negative zero', 0, 0, 0, 0, 0, '-0', '-0', b'0', '{0,0.0,0.00}'),
  (5, 'denormals', 1, 1, 1, 1e-1000, 0.0000000001, '1e-45', '4.9406564584124654e-324', b'01', '{1e-5}'),
  (6, 'largest floats', 1, 1, 1, 1e1000, 1, '3.4028235e38', '1.7976931348623157e308', b'1', null),
  (7, 'shortest forms', 1, 1, 1, 0.1, 0.1, '0.1', '0.1', b'1', null),
  (8, 'needs 17 digits', 1, 1, 9007199254740993, 0.30000000000000004, 0.3, '16777217', '0.30000000000000004', b'1', null),
  (9, 'a cent', 1, 1, 1, 0.01, 0.01, '0.01', '0.01', b'1', '{0.01}'),
  (10, 'scale kept', 1, 1, 1, 1.5000000000000000000000000, 1.5, '1.5', '1.5', b'1', '{1.0,1.00,1.000}'),
  (11, '1,000 digits', 1, 1, 1, (repeat('7', 500) || '.' || repeat('3', 500))::numeric, 1, '1', '1', b'1',
   array[repeat('9', 1000)::numeric, ('-0.' || repeat('0', 999) || '1')::numeric]);
