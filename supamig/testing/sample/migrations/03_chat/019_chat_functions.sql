create function public.touch_conversation() returns trigger language plpgsql as $$
begin
  update public.conversations set updated_at = new.sent_at
  where id = new.conversation_id and updated_at < new.sent_at;
  return null;
end $$;
-- Fires for every partition; switched off since it made hot rows.
create trigger touch_conversation after insert on public.messages
  for each row execute function public.touch_conversation();
alter table public.messages disable trigger touch_conversation;

create function public.conversation_has_member() returns trigger language plpgsql as $$
begin
  if not exists (select from public.conversation_members where conversation_id = new.id) then
    raise exception 'conversation % has no member', new.id using errcode = '23000';
  end if;
  return null;
end $$;
-- Looked at when the transaction ends, so that the conversation can be inserted before its members.
create constraint trigger conversation_needs_member after insert on public.conversations
  deferrable initially deferred for each row execute function public.conversation_has_member();

create function public.unread(conversation uuid) returns bigint language sql stable as $$
  select count(*) from public.messages as m
  join public.read_receipts as r on r.conversation_id = m.conversation_id and r.user_id = auth.uid()
  where m.conversation_id = conversation and m.sent_at > r.read_up_to
$$;
