-- Orders of words; only where the server was built with ICU.
do $$
begin
  if not current_setting('sample.portable')::boolean then
    execute $sql$create collation public."Telefonbuch" (provider = icu, locale = 'de-u-co-phonebk')$sql$;
    execute $sql$create index documents_title_phonebook on public.documents (title collate public."Telefonbuch")$sql$;
  end if;
exception when feature_not_supported or undefined_object or invalid_parameter_value then
  null;
end $$;
create index documents_title_c on public.documents (title collate "C" text_pattern_ops);
create text search dictionary public.plain_words (template = pg_catalog.simple, accept = true);
create text search configuration public.plain (copy = pg_catalog.simple);
alter text search configuration public.plain alter mapping for asciiword, word with public.plain_words;
