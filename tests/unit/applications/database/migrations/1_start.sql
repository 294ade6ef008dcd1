-- auth.uid() in a comment is no use
/* nor /* storage.objects */ here */
create table public.notes (id bigint, owner uuid references auth.users (id));
create policy own on public.notes using ((select auth.uid()) = owner);
create policy files on storage.objects for select using (bucket_id = 'storage.objects');
create function public.tell() returns trigger language plpgsql as $body$
begin
  -- net.http_post in a comment
  perform net.http_post(url := 'https://abcdefghijklmnopqrst.supabase.co/functions/v1/tell');
  if current_setting('app.settings.jwt_secret', true) is null then
    raise notice 'vault.secrets';
  end if;
  return new;
end
$body$;
select cron.schedule('nightly', '0 0 * * *', $$select vault.create_secret('a')$$);
alter publication supabase_realtime add table public.notes, messages;
select pgmq.send('jobs', '{}');
create table shop.auth (net int);
select a.auth.uid from a;
