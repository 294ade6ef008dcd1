-- What somebody had on the target before: objects without rows.
create schema kept;
create function kept.keep() returns int language sql as 'select 1';
create table kept.empty (i int primary key);
create policy everybody on kept.empty using (true);
