-- Every change of a memory is kept, by year.
create table public.memory_versions (
  memory_id  uuid not null references public.memories (id) on delete cascade,
  version    integer not null,
  body       text,
  changed_at timestamptz not null,
  changed_by uuid,
  primary key (memory_id, version, changed_at)
) partition by range (changed_at);
create table public.memory_versions_2024 partition of public.memory_versions
  for values from (minvalue) to ('2025-01-01 00:00:00+00');
create table public.memory_versions_2025 partition of public.memory_versions
  for values from ('2025-01-01 00:00:00+00') to ('2026-01-01 00:00:00+00');
create table public.memory_versions_default partition of public.memory_versions default;
create index memory_versions_changed on public.memory_versions (changed_at);
-- Only the current year is asked for by author.
create index memory_versions_2025_author on public.memory_versions_2025 (changed_by);
alter table public.memory_versions_2025 alter column body set storage external;
