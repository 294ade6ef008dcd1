-- The schema in which realtime keeps its tenants; it makes the tables itself.

\set owner `echo "${POSTGRES_USER:-supabase_admin}"`

create schema if not exists _realtime;
alter schema _realtime owner to :"owner";
