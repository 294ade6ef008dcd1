create table public.artifacts (
  id         uuid primary key default gen_random_uuid(),
  run_id     bigint references public.runs (id) on delete set null,
  name       text not null,
  content    bytea,
  sha256     bytea generated always as (sha256(content)) stored,
  created_at timestamptz not null default now()
);
create table public.predictions (
  id         bigserial primary key,
  run_id     bigint not null references public.runs (id) on delete cascade,
  input      jsonb not null,
  label      text,
  confidence numeric(7, 6),
  made_on    date not null default current_date
);
create index predictions_label on public.predictions (label nulls first, confidence desc) where confidence > 0.5;
create table public."Feature Store" (
  "Feature Name" text primary key,
  "Value Type"   text not null,
  "Default"      text
);
