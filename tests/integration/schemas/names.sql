create schema "we.ird ""schema""";
create schema "a"; create schema "a b"; create schema "Ünïcode schéma";
create table "we.ird ""schema"""."ta.ble ""q"" %s {x} $1 \ back" ("co.l ""q"" %s {y}" int primary key, "select" text default 'a%b{c}\d', "new
line" text, " " int, "%" int, "{}" int, "tab	tab" int);
insert into "we.ird ""schema"""."ta.ble ""q"" %s {x} $1 \ back" values (1,'x','y',1,2,3,4),(2,null,'','5',null,null,6);
create index "i.dx ""q"" %s {x}" on "we.ird ""schema"""."ta.ble ""q"" %s {x} $1 \ back" ("select", "{}");
create table "a b"."new
line table" ("id
x" int generated always as identity primary key, "v;--" text check ("v;--" <> 'a'';--'));
insert into "a b"."new
line table"("v;--") values ('q'),(E'\\.'),(E'\\N');
create table a.t(id serial primary key); insert into a.t default values;
create table "user" ("order" int, "select" int, "table" int, "group" text, "from" text); insert into "user" values (1,2,3,'a','b'),(1,2,3,'a','b');
create table "order" (id bigserial primary key, "user" int, "USER" int, "User" int); insert into "order"("user","USER","User") values (1,2,3);
create table "ÄÖÜ 日本語 😀" ("ключ" int primary key, "valeur é" text); insert into "ÄÖÜ 日本語 😀" values (1,'😀');
create table "tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt1" ("cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc1" serial primary key, b int references "tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt1");
insert into "tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt1"(b) values (null);
create table "MixedCase" ("Id" uuid primary key default gen_random_uuid(), "createdAt" timestamptz default now()); insert into "MixedCase" default values;
create table "a/b\c" (x int); insert into "a/b\c" values (1);
create table ".." (x int); insert into ".." values (1);
create table "~" (x int); insert into "~" values (1);
create table "a"".""b" (x int); create table "a.b" (x int); create schema "a.b"; create table "a.b"."c" (y int); create table a."b.c" (z int);
create type "we.ird ""schema"""."en um %" as enum ('a''b','%s','{}','','\');
create table "we.ird ""schema"""."uses en" (e "we.ird ""schema"""."en um %" default '%s', arr "we.ird ""schema"""."en um %"[]); insert into "we.ird ""schema"""."uses en" values ('a''b', array['','\']::"we.ird ""schema"""."en um %"[]);
create function "we.ird ""schema"""."f %s {} \ "("arg %s" int, "x""y" text default '%s {} ''') returns text language sql as $f$ select '%s {} \ ' || $1::text || $2 $f$;
create function "tr %s"() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger "tr %s {} "" . " before insert on "we.ird ""schema"""."ta.ble ""q"" %s {x} $1 \ back" for each row execute function "tr %s"('a%s{}', E'b\\c''d');
create policy "Pol %s {} "" . '" on "we.ird ""schema"""."ta.ble ""q"" %s {x} $1 \ back" for select to anon, authenticated using ("select" = '%s {} \' or (select auth.uid()) is null) ;
alter table "we.ird ""schema"""."ta.ble ""q"" %s {x} $1 \ back" enable row level security;
create policy "Pol %s {} on storage" on storage.objects for all to authenticated using (bucket_id = '%s {}' and name like '50%' ) with check (bucket_id <> E'\\');
create policy "pub" on storage.objects for select using (true);
create view "v %s {}" as select *, '%s {} %%' as "c %s" from "we.ird ""schema"""."ta.ble ""q"" %s {x} $1 \ back";
create materialized view "mv %s {}" as select '%s' as x; create unique index "mv i %" on "mv %s {}"(x);
comment on table "we.ird ""schema"""."ta.ble ""q"" %s {x} $1 \ back" is 'it''s %s {} \ 
new line';
comment on column "we.ird ""schema"""."ta.ble ""q"" %s {x} $1 \ back"."new
line" is 'x%';
comment on schema "we.ird ""schema""" is '%';
create sequence "se.q %s {}" ; select nextval('"se.q %s {}"');
create statistics "st at %" on "select","new
line" from "we.ird ""schema"""."ta.ble ""q"" %s {x} $1 \ back";
create schema "EXTENSION x"; create table "EXTENSION x".t(i int); create schema "supabase_migrations x"; create table "supabase_migrations x".t(i int); insert into "supabase_migrations x".t values(1);
create role "ro le ""x"" %s {}" nologin; grant select on "user" to "ro le ""x"" %s {}"; create role "role=with=eq"; grant select on "user" to "role=with=eq" with grant option;
create role "Üser.dot" login password 'secret%s{}'; grant "ro le ""x"" %s {}" to "Üser.dot"; create policy p on "user" to "ro le ""x"" %s {}" using (true);
alter role "Üser.dot" set search_path to "a b", public, '$user'; alter role "Üser.dot" set "my.Custom" to 'v%s {} '' " \';
create publication "pub %s {}" for table "user", "we.ird ""schema"""."ta.ble ""q"" %s {x} $1 \ back" ("co.l ""q"" %s {y}", "select");
