create type public.member_role as enum ('owner', 'admin', 'member', 'guest');
create type public."Größe" as enum ('klein', 'mittel', 'groß', 'sehr groß, ''riesig''');

create domain public.email_address as text
  constraint email_has_at_sign check (value ~ '^[^@\s]+@[^@\s]+$');
create domain public.slug as text collate "C" not null
  constraint slug_characters check (value ~ '^[a-z0-9][a-z0-9-]*$')
  constraint slug_length check (length(value) between 2 and 63);
create domain public.cents as bigint default 0 check (value >= 0);

create type public.postal_address as (
  street  text,
  zip     character varying(12),
  city    text collate "C",
  country character(2)
);
create type public.money_amount as (amount numeric(20, 4), currency character(3));

create type public.float_range as range (subtype = double precision, subtype_diff = float8mi);
create type public.text_span as range (subtype = text, collation = "C", multirange_type_name = text_spans);

comment on type public.member_role is 'What somebody may do in an organization; "guest" sees, nothing else.';
comment on domain public.cents is 'Money as whole cents: no fractions, never negative.';
