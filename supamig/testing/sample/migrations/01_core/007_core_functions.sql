create function public.is_member(org bigint, lowest public.member_role default 'guest') returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select from public.organization_members
    where organization_id = org and user_id = (select auth.uid()) and role <= lowest
  )
$$;
revoke execute on function public.is_member(bigint, public.member_role) from public, anon;

-- A body that the server parses: its names are dependencies, not text.
create function public.organization_size(org bigint) returns bigint
language sql stable
begin atomic
  select count(*) from public.organization_members as m where m.organization_id = org;
end;

create function public.describe_schema(which text) returns text language plpgsql stable as $body$
declare
  script text := $sql$
CREATE TABLE "x" (
  id integer
);
-- Name: x; Type: TABLE; Schema: public
INSERT INTO "x" VALUES (1);
\.
$sql$;
begin
-- COPY public.x FROM stdin;
  return format(script || ' /* %s */', which);
end $body$;

create function public.slugify(source text) returns text
language sql immutable strict parallel safe cost 5 as
'select btrim(regexp_replace(lower(source), ''[^a-z0-9]+'', ''-'', ''g''), ''-'')';

create procedure public.rename_organization(org bigint, new_name text)
language plpgsql as $$
begin
  update public.organizations set name = new_name where id = org;
  raise notice 'organization % is now "%"', org, new_name;
end $$;

create aggregate public.array_concat(anycompatiblearray) (
  sfunc = array_cat, stype = anycompatiblearray, initcond = '{}'
);
comment on aggregate public.array_concat(anycompatiblearray) is 'All arrays of a group, one after the other';

create function public.swap(inout a integer, inout b integer) language sql immutable as 'select b, a';
create function public.list_tags(prefix text default '', out id smallint, out name text)
returns setof record language sql stable rows 20 as $$
  select t.id, t.name from public.tags as t where t.name like prefix || '%' order by t.name
$$;
