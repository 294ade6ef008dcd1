create function public.in_conversation(conversation uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select from public.conversation_members where conversation_id = conversation and user_id = (select auth.uid()))
$$;
revoke all on function public.in_conversation(uuid) from public;
grant execute on function public.in_conversation(uuid) to authenticated;

alter table public.conversations enable row level security;
create policy "seen by members" on public.conversations for select to authenticated using (public.in_conversation(id));
create policy "made by anybody" on public.conversations for insert to authenticated
  with check (created_by = (select auth.uid()));
alter table public.messages enable row level security;
create policy "read in conversation" on public.messages for select to authenticated
  using (public.in_conversation(conversation_id));
create policy "write in conversation" on public.messages for insert to authenticated
  with check (author_id = auth.uid() and public.in_conversation(conversation_id));
create policy "no anonymous writers" on public.messages as restrictive for insert to authenticated
  with check (coalesce((auth.jwt() ->> 'is_anonymous')::boolean, false) is false);
alter table public.attachments enable row level security;
create policy "attachments of messages" on public.attachments for select to authenticated
  using (public.in_conversation(conversation_id));
alter table public."chat.drafts" enable row level security;
create policy "drafts.own" on public."chat.drafts" to authenticated
  using ("user.id" = auth.uid()) with check ("user.id" = auth.uid());
revoke all on public.attachments, public."chat.drafts" from anon;
