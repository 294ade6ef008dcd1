alter table public.profiles enable row level security;
create policy "profiles are public" on public.profiles for select to anon, authenticated using (true);
create policy "own profile" on public.profiles for update to authenticated
  using ((select auth.uid()) = id) with check ((select auth.uid()) = id);
create policy "service may everything" on public.profiles to service_role using (true) with check (true);

alter table public.organizations enable row level security;
alter table public.organizations force row level security;
create policy members_read on public.organizations for select to authenticated using (public.is_member(id));
create policy owners_write on public.organizations for all to authenticated
  using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
create policy "needs a second factor" on public.organizations as restrictive for delete to authenticated
  using ((select auth.jwt() ->> 'aal') = 'aal2');

alter table public.organization_members enable row level security;
create policy "members see members" on public.organization_members for select to authenticated
  using (public.is_member(organization_id));
create policy "admins add" on public.organization_members for insert to authenticated
  with check (public.is_member(organization_id, 'admin'));

alter table public.projects enable row level security;
create policy "Projekte lesen (größtenteils)" on public.projects for select to authenticated, app_reporter
  using (public.is_member(organization_id));
create policy reporters on public.projects for select to app_reporter using (true);

alter table public.api_keys enable row level security;
alter table public.api_keys force row level security;
create policy own_keys on public.api_keys to authenticated using (owner_id = auth.uid());

alter table public.settings enable row level security;
alter table public."Benutzer Einstellungen" enable row level security;
create policy "eigene" on public."Benutzer Einstellungen" using ("BenutzerId" = auth.uid());

-- Rights that are narrower than the platform's defaults.
revoke all on public.settings, public.api_keys from anon;
revoke insert, update, delete, truncate on public.feature_flags from anon, authenticated;
revoke update on public.profiles from authenticated;
grant update (display_name, bio, preferences, "Größe") on public.profiles to authenticated;
grant select (id, username, created_at) on public.profiles to app_reporter;
grant select on public.projects, public.teams to app_reporter with grant option;
grant usage, select on sequence public.teams_id_seq to app_reporter;
revoke all on sequence public.teams_id_seq from anon;

create view public.organization_overview with (security_invoker = true) as
  select o.id, o.name, o."plan", public.organization_size(o.id) as members, count(p.id) as projects
  from public.organizations as o
  left join public.projects as p on p.organization_id = o.id
  group by o.id;
create view public.my_profile with (security_invoker = true, security_barrier = true) as
  select * from public.profiles where id = auth.uid() with local check option;
comment on view public.organization_overview is 'Seen with the rights of who asks';
