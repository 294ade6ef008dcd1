create view public.conversation_summary with (security_invoker = on) as
  with last_message as (
    select distinct on (conversation_id) conversation_id, body, sent_at
    from public.messages order by conversation_id, sent_at desc, id desc
  )
  select c.id, c.title, l.body as last_body, l.sent_at as last_sent_at
  from public.conversations as c left join last_message as l on l.conversation_id = c.id;
create recursive view public.team_tree (id, name, depth) as
  select id, name, 0 from public.teams where parent_team_id is null
  union all
  select t.id, t.name, p.depth + 1 from public.teams as t join team_tree as p on t.parent_team_id = p.id;
create materialized view public.conversation_stats as
  select conversation_id, count(*) as messages, min(sent_at) as first_at, max(sent_at) as last_at
  from public.messages group by conversation_id;
create unique index conversation_stats_key on public.conversation_stats (conversation_id);
-- Never refreshed: it must not be filled by a move.
create materialized view public.reaction_stats as
  select emoji, count(*) as uses from public.reactions group by emoji with no data;
