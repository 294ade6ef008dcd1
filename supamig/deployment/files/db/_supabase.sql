-- A database for what the deployment itself must remember: the pooler's tenants, the logs.

\set owner `echo "${POSTGRES_USER:-supabase_admin}"`

create database _supabase with owner :"owner";
