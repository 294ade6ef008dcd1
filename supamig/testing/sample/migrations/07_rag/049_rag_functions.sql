create function public.match_chunks(question text, most integer default 5)
returns table (chunk_id bigint, content text, score real)
language sql stable set search_path = public, extensions as $$
  select c.id, c.content, ts_rank(to_tsvector('simple', c.content), plainto_tsquery('simple', question))
  from chunks as c
  where to_tsvector('simple', c.content) @@ plainto_tsquery('simple', question)
  order by 3 desc, 1 limit most
$$;
create function public.chunk_text(body text, size integer default 400) returns setof text
language plpgsql immutable as $function$
declare
  at integer := 1;
begin
  /* a block comment; with a semicolon, 'a quote' and $$ a dollar quote $$ */
  while at <= length(body) loop
    return next substr(body, at, size);
    at := at + size;
  end loop;
end $function$;
grant execute on function public.match_chunks(text, integer) to anon, authenticated;
comment on function public.chunk_text(text, integer) is 'Splits; it doesn''t look for words';
