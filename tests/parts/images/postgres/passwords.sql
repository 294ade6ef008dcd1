-- `postgres` is superuser until all init files have run.
\set word `printf %s "$POSTGRES_PASSWORD"`
alter role postgres superuser password :'word';
alter role supabase_admin password :'word';
