-- Values whose text depends on settings, and views whose meaning does.
create table values_by_settings (
  f8 float8, f4 float4, d date, t timestamptz, i interval, b bytea, m money, a text[]
);
insert into values_by_settings values (
  0.1::float8 + 0.2, 0.1, '2020-02-01', '2020-01-02 03:04:05.123456+02',
  '1 year 2 mons -3 days 04:05:06.7', '\x00ff5c', '1234.5', '{NULL,"NULL",x}'
);
create view never as select * from values_by_settings where b = null;
create function "select"() returns text language sql as $$ select 'a\b' $$;
