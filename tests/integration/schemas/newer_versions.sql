-- What only newer versions of Postgres know.
do $outer$
begin
  if current_setting('server_version_num')::int >= 170000 then
    execute $sql$
      create collation by_code_point (provider = builtin, locale = 'C.UTF-8');
      create table collated (a text collate by_code_point);
      insert into collated values ('é');
      create index on collated (a);
      create table maintained (a int);
      grant maintain on maintained to anon;
      create role maintainer;
      grant maintainer to anon with inherit false, set true;
      grant maintainer to service_role with admin option, set false;
      create table documents (j jsonb, check (j is json object));
      insert into documents values ('{}');
      create view as_table as
        select * from json_table('[{"a": 1}]'::jsonb, '$[*]' columns (a int path '$.a')) as t;
    $sql$;
  end if;
  if current_setting('server_version_num')::int >= 180000 then
    execute $sql$
      create table computed (
        a int, v int generated always as (a * 2) virtual, s int generated always as (a + 1) stored
      );
      insert into computed (a) values (1), (2);
      create table only_computed (x int generated always as (5) virtual);
      insert into only_computed default values;
      create extension btree_gist schema extensions;
      create table stays (
        id int, during tstzrange, primary key (id, during without overlaps)
      );
      create table visits (
        id int, during tstzrange, foreign key (id, period during) references stays (id, period during)
      );
      insert into stays values (1, '[2020-01-01,2021-01-01)');
      insert into visits values (1, '[2020-02-01,2020-03-01)');
      create table lax (
        id int primary key,
        a int, constraint positive check (a > 0) not enforced,
        r int references lax not enforced
      );
      insert into lax values (1, -5, 99);
      create table named (a int constraint always not null, b int, c int);
      insert into named values (1, null, 1);
      alter table named add constraint later not null b not valid;
      alter table named add constraint here not null c no inherit;
      create publication computed_too for table computed with (publish_generated_columns = stored);
    $sql$;
  end if;
end $outer$;
create table everywhere (a int);
