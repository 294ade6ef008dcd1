-- Every name here is a word of SQL.
create table public."order" (
  "table"  integer generated always as identity primary key,
  "select" text,
  "where"  boolean,
  "group"  integer[],
  "end"    timestamptz,
  "Case"   text,
  constraint "check" check ("group" is null or array_length("group", 1) <= 4)
);
create index "index" on public."order" ("select", ("Case" collate "C") desc);
create table public.data_changes (
  id         bigint generated always as identity,
  relation   regclass,
  old_row    json,
  new_row    json,
  changed_at timestamptz not null default now()
);
alter table public.data_changes replica identity full;
create index data_changes_when on public.data_changes using brin (changed_at);
