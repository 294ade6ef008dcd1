"""The sample project: what Supabase gives every project, and a reference application on it.

``install`` puts it into an empty database in one of two flavours: ``cloud`` is a source,
``self-hosted`` a target whose services made their own schemas already, one version apart from the
cloud's.  A cloud project has 20 tables in schema auth, with 6 users.

The application's 84 tables are the rows of ``information_schema.tables`` with schema ``public`` and
type ``BASE TABLE``: ordinary tables, partitioned ones, their partitions, and children that inherit.
The schema ``analytics``, the views and the materialized views come on top.

What is left out: the extensions pg_cron, pg_net, pg_graphql and supabase_vault with their schemas,
the functions of Realtime that read the replication stream, and libraries that roles load at login.
"""

from __future__ import annotations

from supamig.testing.sample.accounts import APP_READER_PASSWORD, PASSWORDS, TOTP_SECRET
from supamig.testing.sample.files import AREAS, Flavour, SqlFile, migration_files
from supamig.testing.sample.installer import SampleFacts, install

__all__ = [
    "APP_READER_PASSWORD",
    "AREAS",
    "PASSWORDS",
    "TOTP_SECRET",
    "Flavour",
    "SampleFacts",
    "SqlFile",
    "install",
    "migration_files",
]
