insert into public.organizations (slug, name, owner_id, billing, "plan", seats, founded, created_at, updated_at)
select 'org-' || i, pg_temp.prose(i, 'org', 1), pg_temp.account(i, 'owner'),
       case when i % 4 > 0 then row(pg_temp.h(i, 'price') % 1000000 / 100.0, 'EUR')::public.money_amount end,
       (array['free', 'pro', 'enterprise'])[pg_temp.pick(i, 'plan', 3)], pg_temp.pick(i, 'seats', 500),
       date '1900-01-01' + pg_temp.pick(i, 'founded', 45000), pg_temp.at(i, 'org'), pg_temp.at(i, 'org')
from generate_series(1, pg_temp.n(60)) as i;

update public.profiles as p set
  display_name = coalesce(p.display_name, 'ohne Namen'),
  "Größe" = (array['klein', 'mittel', 'groß', 'sehr groß, ''riesig'''])[1 + row.i % 4]::public."Größe",
  address = case when row.i % 2 = 0 then row(E'Straße "1", Haus\\A', '10115', '', 'DE')::public.postal_address end,
  preferences = jsonb_build_object('theme', 'dark', 'n', row.i, 'nested', jsonb_build_array(null, true, '')),
  bio = case when row.i % 3 = 0 then '' when row.i % 3 = 1 then pg_temp.prose(row.i, 'bio', 3) end,
  default_organization_id = 100 + 10 * (row.i % pg_temp.n(60))
from (select id, row_number() over (order by id) as i from public.profiles) as row
where row.id = p.id;

insert into public.organization_members (organization_id, user_id, role, joined_at)
select o.id, u.id, (array['owner', 'admin', 'member', 'guest'])[pg_temp.pick(o.id, u.id::text, 4)]::public.member_role,
       pg_temp.at(o.id, 'joined' || u.id)
from public.organizations as o cross join auth.users as u
where pg_temp.h(o.id, 'member' || u.id) % 3 > 0 order by o.id, u.id;

insert into public.teams (organization_id, name, parent_team_id)
select 100 + 10 * (i % pg_temp.n(60)), 'Team ' || i, case when i > 5 and i % 2 = 0 then pg_temp.pick(i, 'parent', i - 1) end
from generate_series(1, pg_temp.n(120)) as i order by i;

insert into public.projects (id, organization_id, team_id, name, budget, active_during, labels, created_at)
select pg_temp.id(i, 'project'), 100 + 10 * (pg_temp.pick(i, 'org', pg_temp.n(60)) - 1),
       case when i % 5 > 0 then pg_temp.pick(i, 'team', pg_temp.n(120)) end, pg_temp.prose(i, 'project', 1),
       pg_temp.h(i, 'budget') % 100000000,
       case i % 4 when 0 then 'empty' when 1 then daterange(date '2025-01-01' + i, null)
         else daterange(date '2025-01-01' + i, date '2025-02-01' + 2 * i, '[]') end,
       case i % 3 when 0 then '{}' when 1 then array['a,b', '"q"', '', 'NULL', null] else array['x' || i] end,
       pg_temp.at(i, 'project')
from generate_series(1, pg_temp.n(600)) as i;

insert into public.invitations (token, organization_id, invitee, invited_by, role, expires_at, accepted)
select md5('invitation' || i), 100 + 10 * (i % pg_temp.n(60)), 'guest' || i || '@example.org', pg_temp.account(i, 'inviter'),
       'guest', case when i % 2 = 0 then 'infinity' else pg_temp.at(i, 'expires') end,
       (array[true, false, null])[1 + i % 3]
from generate_series(1, pg_temp.n(300)) as i;

insert into public.api_keys (id, owner_id, key_hash, scopes, last_used, revoked_at)
select pg_temp.id(i, 'key'), pg_temp.account(i, 'key'), sha256(convert_to('key' || i, 'UTF8')),
       case when i % 4 = 0 then '{}' else array['read', 'write'] end, pg_temp.at(i, 'used'),
       case when i % 3 = 0 then timestamptz '-infinity' end
from generate_series(1, pg_temp.n(80)) as i;

insert into public.settings (key, value, note) values
  ('theme', '"dark"', null), ('empty string', '""', ''), ('null in json', 'null', 'not the same as NULL'),
  ('null', null, 'NULL'), ('list', '[1, [2, [3, []]], {}]', E'two\nlines'), ('number', '1e1000', '\N');
insert into public.tags (name, hue)
select 'tag ' || i, pg_temp.h(i, 'hue') % 3600 / 10.0 from generate_series(1, 40) as i order by i;
insert into public.taggings (tag_id, project_id)
select pg_temp.pick(i, 'tag', 40), pg_temp.id(i, 'project') from generate_series(1, pg_temp.n(600)) as i;

insert into public."Benutzer Einstellungen" (
  "BenutzerId", "Straße", "naïve ""Näme""", "select", "user", "日本語"
)
select pg_temp.account(i, 'settings'), 'Straße ' || i, '"', case when i % 2 = 0 then '*' end, 'postgres', 'はい' || i
from generate_series(1, pg_temp.n(60)) as i order by i;
insert into public.feature_flags (name, audience, enabled, rollout) values
  ('dark-mode', default, b'11111111', 100), ('beta', '{}', b'00000001', 12.5), ('', '{guest}', b'10000000', 0);
