-- Text that means something to tools: COPY's markers, escapes, line ends, other planes of Unicode.
create table public.edge_texts (
  id      integer primary key,
  note    text not null,
  value   text,
  limited varchar(40),
  padded  character(12),
  binary_ bytea
);
create table public.edge_json (
  id     integer primary key,
  note   text not null,
  plain  json,
  binary_ jsonb,
  many   jsonb[],
  path   jsonpath
);
create table public.edge_arrays (
  id      integer primary key,
  note    text not null,
  ints    integer[],
  texts   text[],
  matrix  numeric[][],
  stamps  timestamptz[],
  roles   public.member_role[],
  raw     bytea[],
  flags   boolean[],
  ranges  int4range[]
);
