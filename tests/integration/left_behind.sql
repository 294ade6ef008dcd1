-- What is the user's own, but in schemas of the platform.
create table auth.notes (id int primary key);
create view auth.emails as select email from auth.users;
create schema vault;
create table vault.secrets (id int, secret text);
insert into vault.secrets values (1, 'x');
alter table auth.notes owner to postgres;
alter view auth.emails owner to postgres;
alter table vault.secrets owner to postgres;
create index by_age on auth.users (created_at);
