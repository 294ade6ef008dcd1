from . import files
import app.db as database


def follow(callback):
    channel = database.supabase.channel("room-1")
    channel.on_postgres_changes("*", schema="public", table="messages", callback=callback)
    channel.subscribe()


def copy(repository, target):
    repository.table("copies").upsert(target).execute()


def run():
    copy(files.Files().client, {})
