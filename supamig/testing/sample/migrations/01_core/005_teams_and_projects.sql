create table public.teams (
  id              serial primary key,
  organization_id bigint not null references public.organizations (id) on delete cascade,
  name            text not null,
  parent_team_id  integer references public.teams (id),
  unique nulls not distinct (organization_id, name, parent_team_id)
);

create table public.projects (
  id              uuid primary key default gen_random_uuid(),
  organization_id bigint not null references public.organizations (id) on delete restrict,
  team_id         integer references public.teams (id) on delete set null,
  name            text not null,
  budget          public.cents,
  active_during   daterange not null default 'empty',
  labels          text[] not null default '{}',
  created_at      timestamptz not null default now()
) with (fillfactor = 80);
create index projects_labels on public.projects using gin (labels);

create table public.invitations (
  token           text primary key default replace(gen_random_uuid()::text, '-', ''),
  organization_id bigint not null references public.organizations (id) on delete cascade,
  invitee         public.email_address not null,
  invited_by      uuid references public.profiles (id) on delete set null,
  role            public.member_role not null default 'guest',
  expires_at      timestamptz not null default 'infinity',
  accepted        boolean
);
create unique index invitations_open on public.invitations (organization_id, lower(invitee))
  where accepted is not true;
