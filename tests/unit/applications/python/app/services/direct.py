import psycopg
from sqlalchemy import create_engine

FALLBACK = "postgresql://postgres.abcdefghijklmnopqrst:secretsecret@aws-0-eu-central-1.pooler.supabase.com:6543/postgres"
local = create_engine("sqlite:///cache.db")


def connect():
    with psycopg.connect(FALLBACK) as connection:
        return connection.execute("select 1")
