set session_replication_role to origin;

-- Materialized views are filled; public.reaction_stats stays as it was made, without rows.
refresh materialized view public.memory_digest;
refresh materialized view public.memory_digest_total;
refresh materialized view public.conversation_stats;
refresh materialized view public.document_sizes;
