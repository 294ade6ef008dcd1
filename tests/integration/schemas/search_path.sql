-- Functions that say names without a schema, where a restore calls them with an empty search path.
set check_function_bodies = off;
create extension pg_trgm schema extensions;
create extension unaccent schema extensions;
create table things (id int primary key, quantity int);
insert into things values (1, 2), (2, 3);
create function helper(x int) returns int language plpgsql immutable
  as $$ begin return x + 1; end $$;
create function by_plpgsql(x int) returns int language plpgsql immutable
  as $$ begin return helper(x); end $$;
create function by_sql(x int) returns int language sql immutable as $$ select helper(x) $$;
create function count_things() returns bigint language plpgsql stable
  as $$ begin return (select count(*) from things); end $$;
create function plain(t text) returns text language sql immutable
  as $$ select unaccent('unaccent', $1) $$;
create function alike(t text) returns real language plpgsql immutable
  as $$ begin return similarity(t, 'x'); end $$;
create domain positive as int check (by_plpgsql(value) > 0);

set search_path = public, extensions;
create table checked (
  a int check (by_plpgsql(a) > 0),
  b positive,
  c int generated always as (by_plpgsql(a)) stored,
  d int generated always as (by_sql(a)) stored
);
insert into checked values (1, 2), (2, 3);
create table articles (
  title text,
  search tsvector generated always as (to_tsvector('english', plain(coalesce(title, '')))) stored,
  check (alike(title) < 2)
);
insert into articles values ('Éa');
