create function public.set_updated_at() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := pg_catalog.now();
  return new;
end $$;

create table public.profiles (
  id                      uuid primary key references auth.users (id) on delete cascade,
  username                text not null unique,
  display_name            text,
  email                   public.email_address,
  "Größe"                 public."Größe",
  address                 public.postal_address,
  preferences             jsonb not null default '{}',
  bio                     text collate "C",
  default_organization_id bigint,
  created_at              timestamptz not null default now(),
  updated_at              timestamptz not null default now(),
  full_label              text generated always as (coalesce(display_name, username) || ' <' || username || '>') stored,
  constraint username_not_empty check (btrim(username) <> '')
);
comment on table public.profiles is 'One row for every account; made by the trigger on auth.users.
Second line: it''s "quoted", with a \ backslash and a	tab.';
comment on column public.profiles.bio is E'Shown to everybody \U0001F600';

create trigger profiles_updated_at before update on public.profiles
  for each row execute function public.set_updated_at();

-- An account gets its profile in the same transaction.
create function public.handle_new_user() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
-- A comment at the start of a line, as dumps are full of them:
--
-- CREATE TABLE "auth"."users" (id uuid);
  insert into public.profiles (id, username, display_name, email, created_at, updated_at)
  values (
    new.id,
    coalesce(new.raw_user_meta_data ->> 'username', split_part(new.email, '@', 1), new.id::text),
    new.raw_user_meta_data ->> 'full_name',
    new.email,
    coalesce(new.created_at, pg_catalog.now()),
    coalesce(new.created_at, pg_catalog.now())
  );
  return new;
end $$;
revoke execute on function public.handle_new_user() from public, anon, authenticated;

create trigger on_auth_user_created after insert on auth.users
  for each row execute function public.handle_new_user();
