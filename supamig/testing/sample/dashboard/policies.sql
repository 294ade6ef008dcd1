-- What the project's owner set in the dashboard.  On the platform the extension supautils lets `postgres` do this
-- on tables that it does not own; here the superuser does it.

create policy "avatars are public" on storage.objects for select to public using (bucket_id = 'avatars');
create policy "own folder 1ui9a_0" on storage.objects for insert to authenticated
  with check (bucket_id = 'documents' and (storage.foldername(name))[1] = (select auth.uid())::text);
create policy "own folder 1ui9a_1" on storage.objects for delete to authenticated
  using (bucket_id = 'documents' and owner_id = (select auth.uid())::text);
create policy "buckets are listed" on storage.buckets for select to authenticated using (true);
create policy "members listen" on realtime.messages for select to authenticated
  using (realtime.topic() like 'conversation:%' and extension in ('broadcast', 'presence'));
