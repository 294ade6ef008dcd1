create table public.models (
  id          integer generated always as identity primary key,
  name        text not null,
  "Feature Count" integer,
  parameters  public.float_range,
  released    date
);
create table public.model_versions (
  model_id   integer not null references public.models (id) on delete cascade,
  version    text not null check (version ~ '^\d+\.\d+\.\d+$'),
  major      integer generated always as (split_part(version, '.', 1)::integer) stored,
  weights    real[],
  checksum   bytea,
  primary key (model_id, version)
);
create table public.datasets (
  id           uuid primary key default gen_random_uuid(),
  name         text not null,
  size_bytes   bigint check (size_bytes >= 0),
  split        public.text_span,
  sample       text[][]
);
create table public.dataset_columns (
  dataset_id uuid not null references public.datasets (id) on delete cascade,
  position   smallint not null,
  name       name not null,
  data_type  regtype,
  primary key (dataset_id, position)
);
