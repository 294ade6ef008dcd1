-- The list of applied migrations, as the Supabase CLI makes it before it applies the first one.
create schema supabase_migrations;
create table supabase_migrations.schema_migrations (
  version    text not null primary key,
  statements text[],
  name       text
);
