create table public.evidence (
  id            bigserial primary key,
  assumption_id uuid not null references public.assumptions (id) on delete cascade,
  document      json,
  gathered      timestamp(0) with time zone not null default now(),
  strength      public.float_range
);
create table public.counterfactuals (
  id          bigserial primary key,
  variable_id bigint references public.variables (id) on delete set null,
  question    text not null,
  answer      jsonb,
  asked_at    timestamptz not null default now()
);
create table public.confounders (
  first_id  bigint not null references public.variables (id) on delete cascade,
  second_id bigint not null references public.variables (id) on delete cascade,
  constraint confounders_pkey primary key (first_id, second_id),
  constraint ordered check (first_id < second_id)
);
