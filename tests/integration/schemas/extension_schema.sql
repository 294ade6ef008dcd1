-- An extension in a schema of the user's own.
create schema tools;
comment on schema tools is 'not only for the extension';
grant usage on schema tools to anon;
create extension hstore schema tools;
create table tools.bags (id int primary key, held tools.hstore);
insert into tools.bags values (1, '"a" => "b\"c", "n" => NULL');
