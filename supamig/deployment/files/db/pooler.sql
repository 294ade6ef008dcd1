-- The schema in which the pooler keeps its tenants; it makes the tables itself.

\set owner `echo "${POSTGRES_USER:-supabase_admin}"`

\connect _supabase
create schema if not exists _supavisor;
alter schema _supavisor owner to :"owner";
\connect postgres
