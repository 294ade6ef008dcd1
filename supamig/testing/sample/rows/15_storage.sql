-- Buckets and what the service knows of their files; the files themselves are not in the database.
insert into storage.buckets (id, name, created_at, updated_at, public, file_size_limit, allowed_mime_types) values
  ('avatars', 'avatars', '2024-07-01 00:00:00+00', '2024-07-01 00:00:00+00', true, 1048576, '{image/png,image/jpeg}'),
  ('documents', 'documents', '2024-07-01 00:00:00+00', '2024-08-01 00:00:00+00', false, null, null),
  ('Exporte 2025', 'Exporte 2025', '2025-01-01 00:00:00.000001+00', '2025-01-01 00:00:00.000001+00', false, null, '{}');
insert into storage.objects (
  id, bucket_id, name, owner, owner_id, created_at, updated_at, last_accessed_at, metadata, version, user_metadata
)
select pg_temp.id(i, 'object'),
       (array['avatars', 'documents', 'Exporte 2025'])[pg_temp.pick(i, 'bucket', 3)],
       pg_temp.account(i, 'object') || '/' || (array['photo', 'größe & maß', 'a b', '.hidden'])[pg_temp.pick(i, 'dir', 4)]
         || '/' || i || '.png',
       pg_temp.account(i, 'object'), pg_temp.account(i, 'object')::text,
       pg_temp.at(i, 'object'), pg_temp.at(i, 'object'), pg_temp.at(i, 'object'),
       jsonb_build_object('size', pg_temp.pick(i, 'size', 900000), 'mimetype', 'image/png', 'eTag', md5(i::text)),
       pg_temp.id(i, 'version')::text, case when i % 5 = 0 then '{"alt": "a \"duck\""}'::jsonb end
from generate_series(1, pg_temp.n(300)) as i;
