"""Which entries of a dump go into any database, and which only where their extension may be."""

from __future__ import annotations

from supamig.backup.restoring import parted

ANYWHERE = [
    "9; 2615 16500 SCHEMA - app postgres",
    "210; 1259 16501 TABLE app cron_log postgres",
    "3600; 0 16501 TABLE DATA app cron postgres",
    "3601; 0 0 SEQUENCE SET app cron_id_seq postgres",
    "3; 3079 16384 EXTENSION - pgcrypto ",
]
BOUND = [
    "4; 3079 16400 EXTENSION - pg_cron ",
    "3700; 0 0 COMMENT - EXTENSION pg_cron ",
    "3701; 0 0 ACL - SCHEMA cron supabase_admin",
    "3702; 0 0 ACL cron TABLE job supabase_admin",
    "3603; 0 16410 TABLE DATA cron job supabase_admin",
    "3604; 0 0 SEQUENCE SET cron jobid_seq supabase_admin",
]


def test_what_belongs_to_pg_cron_waits_for_its_database():
    assert parted([*ANYWHERE, *BOUND]) == (ANYWHERE, BOUND)


def test_a_schema_of_that_name_is_the_users_without_the_extension():
    users = ["9; 2615 16500 SCHEMA - cron postgres", "210; 1259 16501 TABLE cron job postgres"]
    assert parted(users) == (users, [])
