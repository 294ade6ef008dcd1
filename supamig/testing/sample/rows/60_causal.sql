insert into public.graphs (id, title, author_id, layout, bounds, outline, created_at)
select pg_temp.id(i, 'graph'), 'Graph ' || i, case when i % 5 > 0 then pg_temp.account(i, 'graph') end,
       jsonb_build_object('zoom', i), box(point(i, -i), point(-i / 3.0::float, 0)), '((0,0),(1,1),(2,0))', pg_temp.at(i, 'graph')
from generate_series(1, pg_temp.n(80)) as i;
insert into public.variables (graph_id, name, kind, place)
select pg_temp.id(1 + i % pg_temp.n(80), 'graph'), 'variable ' || i, case when i % 2 = 0 then 'binary' else 'continuous' end,
       point(i / 3.0::double precision, -i)
from generate_series(1, pg_temp.n(700)) as i order by i;
-- From a lower to a higher number: no cycles.
insert into public.edges (cause_id, effect_id, strength)
select i, i + pg_temp.pick(i, 'step', least(5, pg_temp.n(700) - i)), pg_temp.part(i, 'strength')::double precision
from generate_series(1, pg_temp.n(700) - 1) as i;
insert into public.effects (variable_id, estimate, note)
select i, pg_temp.part(i, 'estimate'), case when i % 3 = 0 then '' end from generate_series(1, pg_temp.n(300)) as i order by i;
-- Children share no key with their parent: the same numbers may come again.
insert into public.effects_direct (id, variable_id, estimate, mechanism)
select i, i, pg_temp.part(i, 'direct'), 'mechanism ' || i from generate_series(1, pg_temp.n(300)) as i;
insert into public.effects_total (id, variable_id, estimate, adjusted)
select i, i, pg_temp.part(i, 'total') * -1000, i % 2 = 0 from generate_series(1, pg_temp.n(300)) as i;
insert into public.interventions (variable_id, value, applied)
select pg_temp.pick(i, 'intervention', pg_temp.n(700)), case when i % 10 > 0 then pg_temp.part(i, 'dose') end,
       tstzrange(timestamptz '2025-01-01 00:00:00+00' + i * interval '1 hour',
                 timestamptz '2025-01-01 00:00:00+00' + (i + 1) * interval '1 hour')
from generate_series(1, pg_temp.n(200)) as i order by i;
insert into public.time_windows (span, pauses)
select int4range(i * 10, i * 10 + 9), case i % 3 when 0 then '{}'::datemultirange else
         datemultirange(daterange(date '2025-01-01' + i, date '2025-01-05' + i), daterange(date '2026-01-01', null)) end
from generate_series(1, pg_temp.n(60)) as i order by i;
insert into public.assumptions (id, graph_id, text, believed, holds)
select pg_temp.id(i, 'assumption'), pg_temp.id(1 + i % pg_temp.n(80), 'graph'), pg_temp.prose(i, 'assumption', 1),
       round(pg_temp.part(i, 'believed'), 2), (array[true, false, null])[1 + i % 3]
from generate_series(1, pg_temp.n(200)) as i;
-- Older than the constraint that it breaks.
alter table public.assumptions drop constraint believed_is_probability;
insert into public.assumptions values
  (pg_temp.id(0, 'assumption'), null, 'more than certain', 1.01, true);
alter table public.assumptions add constraint believed_is_probability check (believed <= 1) not valid;
insert into public.evidence (assumption_id, document, gathered, strength)
select pg_temp.id(1 + i % pg_temp.n(200), 'assumption'), format(E'{"n":%s,\n\t"n" : "%s", "\\u00e4": null}', i, i)::json,
       pg_temp.at(i, 'evidence'), public.float_range(0, pg_temp.part(i, 'evidence')::double precision, '[]')
from generate_series(1, pg_temp.n(400)) as i order by i;
insert into public.counterfactuals (variable_id, question, answer, asked_at)
select pg_temp.pick(i, 'counterfactual', pg_temp.n(700)), 'What if ' || i || '?', case when i % 4 > 0 then to_jsonb(i) end,
       pg_temp.at(i, 'counterfactual')
from generate_series(1, pg_temp.n(300)) as i order by i;
insert into public.confounders (first_id, second_id)
select i, i + 1 from generate_series(1, pg_temp.n(400) - 1) as i;

insert into public.edge_types (
  id, note, inet, cidr, mac, mac8, bits, fixed, tiny, ident, uuid, vector, query, point, line, lseg, box, path, polygon,
  circle, ints, days, spans, lsn, xid, address, many
) values
  (1, 'ordinary', '192.168.1.5/24', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', b'10101', 'abc', 'x',
   'a name', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '''fat'':1A ''it''''s'':2B', 'fat & !rat <-> cat:*', '(1.5,-2)',
   '{1,-1,0}', '[(0,0),(1,1)]', '(1,1),(0,0)', '[(0,0),(1,1)]', '((0,0),(1,0),(1,1))', '<(0,0),2.5>', '[1,10)',
   '[2025-01-01,2025-02-01)', '{[1,2),(3,4]}', '16/B374D848', '18446744073709551615',
   row('Main St. 1, "back"', '12345', 'New (York)', 'US'),
   array[row('a,b', null, '', 'DE'), row('\', 'x', E'tab\there', null)]::public.postal_address[]),
  (2, 'limits', '::ffff:1.2.3.4/128', '2001:db8::/32', 'ff:ff:ff:ff:ff:ff', 'ff:ff:ff:ff:ff:ff:ff:ff', b'00000', '      ',
   E'\\', repeat('n', 63), 'ffffffff-ffff-ffff-ffff-ffffffffffff', '', '', '(1e300,-Infinity)', '{0,1,-1e-10}',
   '[(0,0),(0,0)]', '(Infinity,Infinity),(-Infinity,-Infinity)', '((NaN,0))', '((0,0))', '<(0,0),0>', 'empty', '(,)',
   '{(,)}', '0/0', '0', row(null, null, null, null), '{}'),
  (3, 'nothing', null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
   null, null, null, null, null, null, null, null),
  (4, 'near nothing', '0.0.0.0', '0.0.0.0/0', '00:00:00:00:00:00', '00:00:00:00:00:00:00:00', b'11111', '', '', '',
   '00000000-0000-0000-0000-000000000000', 'a:1,2,3', '!a', '(-0,0)', '{1,0,0}', '[(1,2),(3,4)]', '(0,0),(0,0)', '[(0,0)]',
   '((0,0),(1,1))', '<(1,1),1e-300>', '(,)', 'empty', '{}', 'FFFFFFFF/FFFFFFFF', '1', row('', '', '', ''), array[null]::public.postal_address[]);
do $$
begin
  if not current_setting('sample.portable')::boolean then
    update public.edge_types set document = '<a b="c">text &amp; <![CDATA[more]]><!-- gone? --></a>' where id = 1;
  end if;
exception when feature_not_supported then
  null;  -- this server was built without libxml
end $$;
