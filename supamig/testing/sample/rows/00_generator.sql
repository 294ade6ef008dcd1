-- Everything is a function of the seed and a row's number, by MD5: `random()` gives other numbers in another
-- version of the server.  Times lie between 2024-07-01 and 2026-06-30 and have microseconds.

-- How many rows a table of `base` rows at scale 1 gets.
create function pg_temp.n(base integer) returns integer language sql stable as $$
  select greatest(3, round(base * current_setting('sample.scale')::numeric))::integer
$$;
create function pg_temp.h(i bigint, salt text) returns bigint language sql stable as $$
  select ('x' || substr(md5(current_setting('sample.seed') || salt || i), 1, 15))::bit(60)::bigint
$$;
-- 1 to `most`.
create function pg_temp.pick(i bigint, salt text, most bigint) returns integer language sql stable as $$
  select (1 + pg_temp.h(i, salt) % most)::integer
$$;
create function pg_temp.id(i bigint, salt text) returns uuid language sql stable as $$
  select md5(salt || i || current_setting('sample.seed'))::uuid
$$;
create function pg_temp.at(i bigint, salt text) returns timestamptz language sql stable as $$
  select timestamptz '2024-07-01 00:00:00+00' + (pg_temp.h(i, salt) % 62985600000000) * interval '1 microsecond'
$$;
create function pg_temp.part(i bigint, salt text) returns numeric language sql stable as $$
  select (pg_temp.h(i, salt) % 1000000) / 1000000.0
$$;
create function pg_temp.account(i bigint, salt text) returns uuid language sql stable as $$
  select ('00000000-0000-4000-8000-00000000000' || pg_temp.pick(i, salt, 6))::uuid
$$;
create function pg_temp.bytes(i bigint, salt text, blocks integer) returns bytea language sql stable as $$
  select string_agg(sha512(convert_to(current_setting('sample.seed') || salt || i || '.' || k, 'UTF8')), '' order by k)
  from generate_series(1, blocks) as k
$$;
create function pg_temp.embedding(i bigint, salt text) returns real[] language sql stable as $$
  select array_agg((get_byte(digest, k) - 128) / 128.0::real order by k)
  from decode(md5(current_setting('sample.seed') || salt || i), 'hex') as digest, generate_series(0, 7) as k
$$;
-- Up to sixteen sentences; the row's number in front, so that no two rows are equal.
create function pg_temp.prose(i bigint, salt text, sentences integer) returns text language plpgsql stable as $$
declare
  pool constant text[] := array[
    'The migration was rehearsed twice before anybody wrote it into the calendar.',
    'Rows that were deleted by hand came back with the next import, one by one.',
    'She said "no", then ''maybe'', and at last signed with a backslash \ in her name.',
    'Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.',
    'Съешь же ещё этих мягких французских булок, да выпей чаю.',
    '敏捷的棕色狐狸跳过了懒狗，然后去睡觉了。',
    'A tab	stands here, and a line
ends there.',
    'Nobody had measured how long the index took, so everybody guessed a number.',
    'The answer is 42; the question is stored as NULL, which is not an empty string.',
    'Ein Cent zu wenig ist auch ein Fehler, sagt die Buchhaltung, und sie hat recht.',
    'Emoji 🦆🚀👩‍👩‍👧‍👦 take four bytes each, and a family takes twenty-five of them.',
    'Percent signs %s, dollars $1 and colons :name are only text.',
    'إذا كان الكلام من فضة فالسكوت من ذهب.',
    'Latency rose at night, when the backups of the neighbours were running.',
    'Every table has an owner, most owners have forgotten which.',
    'https://example.com/path?query=a&b=c#fragment was the last page that was crawled.'
  ];
  digest constant bytea := decode(md5(current_setting('sample.seed') || salt || i), 'hex');
  result text := i || '.';
begin
  for k in 0 .. sentences - 1 loop
    result := result || ' ' || pool[1 + get_byte(digest, k) % 16];
  end loop;
  return result;
end $$;
