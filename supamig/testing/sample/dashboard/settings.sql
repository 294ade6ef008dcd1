-- Settings of the database, and an event trigger of the user: both need a superuser on plain PostgreSQL.

create function analytics.note_ddl() returns event_trigger language plpgsql as $$
begin
  perform set_config('app.last_ddl', tg_tag, false);
end $$;
alter function analytics.note_ddl() owner to postgres;
create event trigger note_ddl on ddl_command_start when tag in ('CREATE TABLE', 'DROP TABLE', 'ALTER TABLE')
  execute function analytics.note_ddl();
alter event trigger note_ddl disable;
create event trigger note_drops on sql_drop execute function analytics.note_ddl();

do $$
begin
  execute format('alter database %I set app.settings.jwt_exp to ''3600''', current_database());
  execute format('alter database %I set app.settings.site_name to %L', current_database(), 'O''Reilly & "Söhne"');
  execute format('alter role app_reader in database %I set work_mem to ''8MB''', current_database());
end $$;
