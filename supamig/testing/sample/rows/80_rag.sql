insert into public.sources (id, url, title, fetched_at, owner_id)
select pg_temp.id(i, 'source'), 'https://example.com/' || i || '?q=a%20b&x=''', case when i % 5 > 0 then 'Source ' || i end,
       case when i % 4 > 0 then pg_temp.at(i, 'fetched') end, case when i % 3 > 0 then pg_temp.account(i, 'source') end
from generate_series(1, pg_temp.n(100)) as i;
insert into public.documents (source_id, title, language, body, meta, created_at)
select pg_temp.id(1 + i % pg_temp.n(100), 'source'), pg_temp.prose(i, 'title', 1), (array['en', 'de', 'x'])[1 + i % 3],
       case when i % 7 > 0 then pg_temp.prose(i, 'body', 12) end, jsonb_build_object('public', i % 2 = 0), pg_temp.at(i, 'document')
from generate_series(1, pg_temp.n(700)) as i order by i;
insert into public.chunks (document_id, position, content)
select 1 + i % pg_temp.n(700), i, pg_temp.prose(i, 'chunk', 10) from generate_series(1, pg_temp.n(8000)) as i order by i;
insert into public.chunk_embeddings (chunk_id, model_id, embedding)
select i, case when i % 9 > 0 then 1 + i % 8 end, case when i % 97 > 0 then pg_temp.embedding(i, 'chunk') end
from generate_series(1, pg_temp.n(1500)) as i;
insert into public.crawl_jobs (source_id, schedule, last_run, next_run, log)
select pg_temp.id(1 + i % pg_temp.n(100), 'source'), i % 60 || ' * * * *', pg_temp.at(i, 'crawl'),
       case when i % 2 = 0 then 'infinity' else pg_temp.at(i, 'next') end, repeat(E'line\r\n', i % 40)
from generate_series(1, pg_temp.n(80)) as i order by i;
insert into public.queries (id, asked_by, question, embedding, asked_at)
select pg_temp.id(i, 'query'), pg_temp.account(i, 'query'), pg_temp.prose(i, 'query', 1), pg_temp.embedding(i, 'query'), pg_temp.at(i, 'query')
from generate_series(1, pg_temp.n(400)) as i;
insert into public.query_hits (query_id, chunk_id, rank, score)
select pg_temp.id(i, 'query'), pg_temp.pick(i * 4 + r, 'hit', pg_temp.n(8000)), r, pg_temp.part(i * 4 + r, 'score')::real
from generate_series(1, pg_temp.n(400)) as i, generate_series(1, 4) as r;
insert into public."say ""hi""" values
  ('"', '\', 1, ':a', '$1'), ('""', '\\', -1, '::', '$$'), ('', '', 0, '', ''), ('''', E'\t', null, null, null);

insert into public.edge_texts (id, note, value, limited, padded, binary_) values
  (1, 'NULL', null, null, null, null),
  (2, 'empty', '', '', '', ''),
  (3, 'backslash N', '\N', '\N', '\N', '\x5c4e'),
  (4, 'backslash dot', '\.', '\.', '\.', '\x5c2e'),
  (5, 'backslash dot on its own line', E'before\n\\.\nafter', E'\n\\.\n', E'\\.', '\x0a5c2e0a'),
  (6, 'the word NULL', 'NULL', 'null', 'NULL', '\x4e554c4c'),
  (7, 'tabs', E'\ta\tb\t', E'\t', E'\t', '\x09'),
  (8, 'carriage return', E'a\rb\r', E'\r', E'\r', '\x0d'),
  (9, 'line feed', E'a\nb\n', E'\n', E'\n', '\x0a'),
  (10, 'both', E'a\r\nb\r\n', E'\r\n', E'\r\n', '\x0d0a'),
  (11, 'backslashes', '\\\', '\\n', '\', '\x5c5c5c'),
  (12, 'escapes that are text', '\n\t\r\b\f\v\x41\101', '\t', '\n', '\x5c6e'),
  (13, 'quotes', '''"`´', '"''', '"', '\x22'),
  (14, 'dollar quotes', '$$body$$ $body$', '$1', '$$', null),
  (15, 'four bytes', '😀𝔘𐍈🏴󠁧󠁢󠁳󠁣󠁴󠁿', '👩‍👩‍👧‍👦', '😀', convert_to('😀', 'UTF8')),
  (16, 'composed and decomposed', U&'\00e9 e\0301', U&'\00e9', U&'e\0301', null),
  (17, 'right to left, zero width, BOM', U&'\202Eabc\202C\200B\FEFF', U&'\200B', U&'\FEFF', '\xefbbbf'),
  (18, 'separators of lines and paragraphs', U&'a\2028b\2029c\0085d', U&'\2028', null, null),
  (19, 'control characters', E'\x01\x02\x1b[31mred\x1b[0m\x7f', E'\x01', E'\x08', '\x00010203'),
  (20, 'commas and braces', '{a,"b",}', '{}', ',', null),
  (21, 'spaces', '  both ends  ', ' ', '  x  ', '\x20'),
  (22, 'last code point', U&'\+10FFFF', U&'\FFFD', null, null),
  (23, 'looks like SQL', '''); drop table public.profiles; --', '--', '/*', null),
  (24, 'looks like COPY', E'COPY public.x FROM stdin;\n1\t2\n\\.\n\n', '\copy', '\restrict', null),
  (25, 'long', repeat('0123456789', 20000), repeat('x', 40), repeat('y', 12), null),
  (26, 'long and many bytes', repeat('ä😀', 50000), repeat('😀', 40), repeat('ß', 12), null);

insert into public.edge_json (id, note, plain, binary_, many, path) values
  (1, 'NULL', null, null, null, null),
  (2, 'null inside', 'null', 'null', '{NULL,"null"}', '$'),
  (3, 'equal keys', '{"a": 1, "b": 2, "a": 3}', '{"a": 1, "b": 2, "a": 3}', '{}', '$.a'),
  (4, 'white space is kept', E' {\n\t"a"  :  [ 1 ,2 ]\r\n} ', '[]', null, 'strict $.a[*] ? (@ > 1)'),
  (5, 'big numbers', '12345678901234567890123456789.000', '12345678901234567890123456789.000', '{1e400,-0,0.10}', '$.* ? (@ == 1.10)'),
  (6, 'more digits than a double has', '[1.0, 1e2, 1E+2, -0, -0.0]', ('[0.' || repeat('123456789', 100) || ']')::jsonb, null, null),
  (7, 'escapes', '"\u00e4\ud83d\ude00\n\/"', '"\u00e4\ud83d\ude00\n\/"', null, '$."a b"'),
  (8, 'zero that only json can hold', '"\u0000"', '"\\u0000"', null, null),
  (9, 'empty', '{}', '{}', '{"{}","[]","\"\""}', 'lax $[last]'),
  (10, 'empty key', '{"": {"": ""}}', '{"": {"": ""}}', null, '$.""'),
  (11, 'deep', (repeat('[', 500) || repeat(']', 500))::json, (repeat('[', 500) || repeat(']', 500))::jsonb, null, null),
  (12, 'wide', (select json_object_agg('key' || i, i order by i) from generate_series(1, 2000) as i),
   (select jsonb_object_agg('key' || i, i) from generate_series(1, 2000) as i), null, null);

insert into public.edge_arrays (id, note, ints, texts, matrix, stamps, roles, raw, flags, ranges) values
  (1, 'NULL', null, null, null, null, null, null, null, null),
  (2, 'empty', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
  (3, 'only NULL', '{NULL}', '{NULL}', '{{NULL}}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}'),
  (4, 'NULL, the word, nothing', '{1,NULL,3}', array['NULL', null, '', 'null'], '{{1,NULL},{NULL,NaN}}',
   array['infinity', null]::timestamptz[], '{owner,NULL}', array['\x', '\x00', null]::bytea[], '{t,f,NULL}', '{empty,NULL,"[1,2)"}'),
  (5, 'other lower bounds', '[0:2]={7,8,9}', '[-3:-2]={a,b}', '[2:3][5:6]={{1,2},{3,4}}', '[0:0]={2025-01-01}', '[7:7]={guest}',
   null, '[2:2]={t}', '[-1:0]={"[1,2)","(,)"}'),
  (6, 'what needs quotes', '{-1}', array['a,b', '"', '\', '{', '}', ' ', E'\t\n', 'ä😀', ';'], '{{1.10,1.100}}',
   array['4713-01-01 00:00:00+00 BC']::timestamptz[], '{admin,admin}', array['\x5c2c22']::bytea[], null, null),
  (7, 'three dimensions', '{{{1,2},{3,4}},{{5,6},{7,8}}}', '{{{a}},{{b}}}', '{{{1}}}', null, null, null, null, null),
  (8, 'long', (select array_agg(i order by i) from generate_series(1, 5000) as i), null, null, null, null, null, null, null);
