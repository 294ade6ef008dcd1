-- Checks that read other tables or the clock; materialised views that read by functions or policies.
create table a_child (id int, parent int);
create table z_parent (id int primary key);
create function is_parent(x int) returns bool language plpgsql stable
  as $$ begin return exists (select from z_parent where id = x); end $$;
alter table a_child
  add constraint has_parent check (is_parent(parent)),
  add constraint positive check (id > 0),
  add constraint of_no_heir check (is_parent(parent)) no inherit;
insert into z_parent values (1);
insert into a_child values (1, 1);

create table upcoming (at timestamptz, "the ""number" int, constraint "la ter" check (at > clock_timestamp()));
insert into upcoming values (clock_timestamp() + interval '1 second');
alter table upcoming add constraint seven check ("the ""number" = 7) not valid;

create materialized view z_view as select 5 as x;
create function read_view() returns int language plpgsql set search_path = public
  as $$ begin return (select x from z_view); end $$;
create materialized view a_view as select read_view() as y;

create table notes (id int, body text);
insert into notes values (1, 'x'), (2, 'y');
alter table notes enable row level security;
create policy first on notes using (id = 1);
create role of_notes;
grant select on notes to of_notes;
grant create, usage on schema public to of_notes;
set role of_notes;
create materialized view seen as select * from notes;
reset role;
select pg_sleep(1.1);
