-- Indexes and materialised views of such functions: up to Postgres 16 these work for everybody.
set check_function_bodies = off;
create extension pg_trgm schema extensions;
create extension unaccent schema extensions;
create function plain(t text) returns text language sql immutable
  as $$ select unaccent('unaccent', $1) $$;
create function alike(t text) returns real language plpgsql immutable
  as $$ begin return similarity(t, 'x'); end $$;
create table articles (id int, title text);
insert into articles values (1, 'Éa');
set search_path = public, extensions;
create index on articles (plain(title));
create index on articles using gin (plain(title) gin_trgm_ops);
create index on articles (alike(title)) where plain(title) > 'a';
create materialized view alike_articles as select alike(title) as how, plain(title) from articles;
create materialized view second as select how from alike_articles;
