create table public.edge_times (
  id       integer primary key,
  note     text,
  day      date,
  clock    time,
  zoned    time with time zone,
  stamp    timestamp,
  instant  timestamptz,
  span     interval,
  seconds  interval second(3),
  days     daterange,
  instants tstzrange,
  holidays datemultirange
);
