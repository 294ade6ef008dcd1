insert into public.conversations (id, title, created_by, channel, pinned, settings, created_at, updated_at)
select pg_temp.id(i, 'conversation'), case when i % 6 > 0 then pg_temp.prose(i, 'title', 1) end, pg_temp.account(i, 'opener'),
       (array['web', 'e-mail', 'mobile', 'api'])[pg_temp.pick(i, 'channel', 4)]::public.channel, i % 11 = 0,
       case when i % 2 = 0 then '{ "a" : 1,  "a" : 2 }'::json end, pg_temp.at(i, 'opened'), pg_temp.at(i, 'opened')
from generate_series(1, pg_temp.n(500)) as i;
insert into public.conversation_members (conversation_id, user_id, muted_until)
select pg_temp.id(i, 'conversation'), u.id, case when i % 9 = 0 then timestamptz 'infinity' end
from generate_series(1, pg_temp.n(500)) as i cross join auth.users as u
where u.id = pg_temp.account(i, 'opener') or pg_temp.h(i, u.id::text) % 2 = 0;

insert into public.messages (conversation_id, author_id, body, attachments, sent_at, edited_at)
select pg_temp.id(pg_temp.pick(i, 'in', pg_temp.n(500)), 'conversation'),
       case when i % 20 > 0 then pg_temp.account(i, 'author') end,
       pg_temp.prose(i, 'message', pg_temp.pick(i, 'sentences', 5)),
       case when i % 30 = 0 then array['{"name": "a,b"}'::jsonb, 'null', '"{}"'] else '{}' end,
       pg_temp.at(i, 'message'), case when i % 13 = 0 then pg_temp.at(i, 'edit') end
from generate_series(1, pg_temp.n(18000)) as i order by i;

insert into public.attachments (id, conversation_id, sent_at, message_id, file_name, mime_type, content)
select pg_temp.id(m.id, 'attachment'), m.conversation_id, m.sent_at, m.id, 'Datei "' || m.id || '".bin',
       case when m.id % 2 = 0 then 'application/octet-stream' end, pg_temp.bytes(m.id, 'attachment', 1 + (m.id % 997)::integer)
from public.messages as m where m.id % 300 = 0 order by m.id;
insert into public.reactions (conversation_id, sent_at, message_id, user_id, emoji)
select m.conversation_id, m.sent_at, m.id, pg_temp.account(m.id, 'reaction'), (array['👍', '❤️', '🏳️‍🌈', '+1'])[1 + m.id % 4]
from public.messages as m where m.id % 4 = 0 order by m.id;
insert into public.read_receipts (user_id, conversation_id, read_up_to)
select user_id, conversation_id,
       case when conversation_id::text < '2' then '-infinity' else timestamptz '2026-01-01 00:00:00+00' end
from public.conversation_members order by conversation_id, user_id;
insert into public."chat.drafts" ("user.id", "body", "updated.at")
select pg_temp.account(i, 'draft'), case i % 3 when 0 then '' when 1 then E'\\.' else E'a\r\nb' end, pg_temp.at(i, 'draft')
from generate_series(1, pg_temp.n(60)) as i order by i;
