#!/usr/bin/env python
import asyncio

import supabase
from postgrest import SyncPostgrestClient
from supabase.client import AsyncClient

sb = supabase.create_client("http://localhost:8000", "key")
rest = SyncPostgrestClient("http://localhost:8000/rest/v1")


async def sweep(client: AsyncClient | None = None, *, table: str = "x"):
    async with supabase.acreate_client("u", "k") as other:
        await other.from_("sessions").delete().lt("at", "now").execute()
    await client.storage.empty_bucket("tmp")
    for name in ("a", "b"):
        client.table(name).select("id", count="exact").execute()


class Base:
    def __init__(self, backend: "AsyncClient"):
        self._backend = backend


class Worker(Base):
    @classmethod
    def make(cls):
        cls.shared = sb
        return cls(sb)

    @staticmethod
    def alone(backend):
        return backend.table("never_called")

    def work(self):
        rows = self._backend.table("work").select("*")
        self.shared.rpc("tick").execute()
        return [row for row in rows.eq("a", 1).execute().data]


rest.from_("plain").select("*").execute()
sb.functions.invoke("sweep")
sb.realtime.set_auth("token")
(lambda c: c.table("from_a_lambda").select("*"))(sb)
asyncio.run(sweep())
