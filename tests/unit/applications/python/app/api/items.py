from fastapi import APIRouter, Depends

from ..db import get_async, get_client
from app import store

router = APIRouter()


@router.get("/items")
def list_items(db=Depends(get_client)):
    return (
        db.table("items")
        .select("*")
        .eq("active", True)
        .execute()
    )


@router.post("/items")
async def add(payload: dict, db=Depends(get_async)):
    row = await db.table("items").insert(payload).execute()
    await db.rpc("recount", {"table": "items"}).execute()
    query = db.schema("audit").from_("log")
    query = query.select("id")
    query = query.limit(10)
    return row, await query.execute()


def who(token):
    user = store.auth.get_user(token)
    return user or store.auth.admin.get_user_by_id(token)
