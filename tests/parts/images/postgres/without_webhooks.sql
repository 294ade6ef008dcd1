-- The image holds nothing of what the mounted 98-webhooks.sql makes.
drop event trigger issue_pg_net_access;
drop function extensions.grant_pg_net_access();
drop role supabase_functions_admin;
