-- The schema in which analytics keeps logs.  It is made without the logs option too, so that the
-- option can be taken later.

\set owner `echo "${POSTGRES_USER:-supabase_admin}"`

\connect _supabase
create schema if not exists _analytics;
alter schema _analytics owner to :"owner";
\connect postgres
