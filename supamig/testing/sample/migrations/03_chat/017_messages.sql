-- By half-year; the first half of 2025 is split once more, by conversation.
create table public.messages (
  id              bigint generated always as identity,
  conversation_id uuid not null,
  author_id       uuid,
  body            text not null,
  attachments     jsonb[] not null default '{}',
  sent_at         timestamptz not null default now(),
  edited_at       timestamptz,
  primary key (conversation_id, sent_at, id)
) partition by range (sent_at);
create table public.messages_2025h1 partition of public.messages
  for values from ('2025-01-01 00:00:00+00') to ('2025-07-01 00:00:00+00') partition by hash (conversation_id);
create table public.messages_2025h1_0 partition of public.messages_2025h1 for values with (modulus 2, remainder 0);
create table public.messages_2025h1_1 partition of public.messages_2025h1 for values with (modulus 2, remainder 1);
create table public.messages_2025h2 partition of public.messages
  for values from ('2025-07-01 00:00:00+00') to ('2026-01-01 00:00:00+00');
create table public.messages_default partition of public.messages default;

alter table public.messages
  add constraint messages_conversation_fkey foreign key (conversation_id) references public.conversations (id)
  on delete cascade,
  add constraint messages_author_fkey foreign key (author_id) references auth.users (id) on delete set null;
create index messages_author on public.messages (author_id, sent_at);
