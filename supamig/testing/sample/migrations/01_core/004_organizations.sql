create table public.organizations (
  id            bigint generated always as identity (start with 100 increment by 10) primary key,
  slug          public.slug unique,
  name          text not null,
  owner_id      uuid not null,
  billing       public.money_amount,
  "plan"        text not null default 'free' check ("plan" in ('free', 'pro', 'enterprise')),
  seats         integer not null default 5,
  seats_left    integer generated always as (seats - 1) stored,
  founded       date,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now()
);
-- An owner has a profile, a profile a default organization: neither can be inserted first unless the check waits.
alter table public.organizations
  add constraint organizations_owner_fkey foreign key (owner_id) references public.profiles (id)
  deferrable initially deferred;
alter table public.profiles
  add constraint profiles_default_organization_fkey foreign key (default_organization_id)
  references public.organizations (id) on delete set null deferrable initially deferred;

create table public.organization_members (
  organization_id bigint not null references public.organizations (id) on delete cascade,
  user_id         uuid not null references auth.users (id) on delete cascade,
  role            public.member_role not null default 'member',
  joined_at       timestamptz not null default now(),
  primary key (organization_id, user_id)
);
create index organization_members_user on public.organization_members (user_id) include (role);
create index organizations_name_lower on public.organizations (lower(name) text_pattern_ops);
create index organizations_paying on public.organizations (created_at desc nulls last) where "plan" <> 'free';

create trigger organizations_updated_at before update on public.organizations
  for each row when (old.name is distinct from new.name or old.seats <> new.seats) execute function public.set_updated_at();
