-- Functions of the user in schemas of the platform, called by tables, indexes and policies.
create type kind as enum ('a');
create table things (id int primary key, of kind);
insert into things values (1, 'a');
create function auth.tenant_id() returns uuid language sql stable security definer
  as $$ select auth.uid() $$;
create function auth.of_kind(kind) returns things language sql stable
  as $$ select t.* from public.things t limit 1 $$;
create function extensions.one(x int) returns int language sql immutable as 'select 1';
alter function auth.tenant_id() owner to postgres;
alter function auth.of_kind(kind) owner to postgres;
alter function extensions.one(int) owner to postgres;
revoke execute on function auth.tenant_id() from public;
grant execute on function auth.tenant_id() to authenticated;
create table calling (
  a int default extensions.one(1),
  b int generated always as (extensions.one(3)) stored
);
insert into calling default values;
create index on calling (extensions.one(a));
alter table things enable row level security;
create policy of_tenant on things using (auth.tenant_id() is not null);
create policy of_kind on things using ((auth.of_kind('a')).id > 0);
