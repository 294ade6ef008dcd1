-- Numbers that only careful tools carry over.
create table public.edge_numbers (
  id        integer primary key,
  note      text,
  smallest  smallint,
  whole     integer,
  biggest   bigint,
  exact     numeric,
  scaled    numeric(20, 10),
  single    real,
  double    double precision,
  flags     bit varying(70),
  many      numeric[]
);
