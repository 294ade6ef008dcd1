-- What the clients listen to.
alter publication supabase_realtime add table public.messages, public.reactions;
alter publication supabase_realtime add table public.conversations (id, title, updated_at);
-- What the data warehouse takes: only rows of this year, only inserts.
create publication warehouse for table public.profiles, public.read_receipts where (read_up_to > '2025-01-01 00:00:00+00')
  with (publish = 'insert');
alter table public.reactions replica identity full;
alter table public.read_receipts replica identity using index read_receipts_pkey;
