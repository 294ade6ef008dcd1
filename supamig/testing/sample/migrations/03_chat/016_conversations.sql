create type public.channel as enum ('web', 'mobile', 'api');
-- Added later, in the middle: the order of labels is part of the type.
alter type public.channel add value 'e-mail' after 'web';

create table public.conversations (
  id         uuid primary key default gen_random_uuid(),
  title      text,
  created_by uuid not null references auth.users (id),
  channel    public.channel not null default 'web',
  pinned     boolean not null default false,
  settings   json,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create table public.conversation_members (
  conversation_id uuid not null references public.conversations (id) on delete cascade,
  user_id         uuid not null references public.profiles (id) on delete cascade,
  muted_until     timestamptz,
  primary key (conversation_id, user_id)
);
create trigger conversations_updated_at before update on public.conversations
  for each row execute function public.set_updated_at();
