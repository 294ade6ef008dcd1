"""Wrapper that others import."""
import os
from functools import lru_cache

from supabase import AsyncClient, Client, acreate_client, create_client

URL = os.environ["SUPABASE_URL"]
supabase: Client = create_client(URL, os.environ["SUPABASE_KEY"])
_admin = None


@lru_cache
def get_client() -> Client:
    return create_client(URL, os.environ["SUPABASE_KEY"])


def get_admin():
    global _admin
    if _admin is None:
        _admin = create_client(URL, os.environ["SUPABASE_SERVICE_KEY"])
    return _admin


async def get_async() -> AsyncClient:
    client = await acreate_client(URL, os.environ["SUPABASE_KEY"])
    yield client
