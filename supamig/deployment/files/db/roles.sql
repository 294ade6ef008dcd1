-- One password for every role that a service logs in with.
-- Runs once, after webhooks.sql, which makes supabase_functions_admin.

\set password `echo "$POSTGRES_PASSWORD"`

alter role authenticator with password :'password';
alter role pgbouncer with password :'password';
alter role supabase_auth_admin with password :'password';
alter role supabase_functions_admin with password :'password';
alter role supabase_storage_admin with password :'password';
