"""The target's database from inside: connections, long transactions, replication slots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.models import Severity
from supamig.watching.model import Look, Trouble

if TYPE_CHECKING:
    from supamig.config import WatchSettings
    from supamig.postgres import Server
    from supamig.watching.model import Moment

_LIMIT = "select set_config('statement_timeout', '10s', false)"
# pg_stat_activity
_CONNECTIONS = """
select count(*)::int, current_setting('max_connections')::int
from pg_catalog.pg_stat_activity where backend_type = 'client backend'
"""
# what runs is not said: a statement may hold anything
_LONG = """
select pid, coalesce(usename::text, ''), coalesce(state, ''),
       extract(epoch from clock_timestamp() - xact_start)::float8 as age
from pg_catalog.pg_stat_activity
where backend_type = 'client backend' and pid <> pg_catalog.pg_backend_pid()
  and xact_start < clock_timestamp() - make_interval(secs => %s)
order by age desc
"""
# pg_replication_slots
_SLOTS = """
select slot_name::text, active, coalesce(wal_status, ''),
       coalesce(pg_catalog.pg_wal_lsn_diff(
         case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_replay_lsn()
              else pg_catalog.pg_current_wal_lsn() end, restart_lsn), 0)::int8
from pg_catalog.pg_replication_slots order by 1
"""
_DECIMAL = 1_000_000


class Database:
    """The target's server, in one session."""

    name = "database"

    def __init__(self, server: Server, settings: WatchSettings) -> None:
        self._server = server
        self._settings = settings

    def look(self, moment: Moment) -> Look:
        """Ask once; a server that does not answer raises."""
        del moment
        with self._server.session() as session:
            session.execute(_LIMIT)
            used, most = session.execute(_CONNECTIONS).fetchall()[0]
            long = session.execute(_LONG, (self._settings.transaction_age,)).fetchall()
            slots = session.execute(_SLOTS).fetchall()
        troubles = [*self._connections(used, most), *self._transactions(long), *self._slots(slots)]
        readings = {
            "connections": used,
            "longest_transaction_s": round(max((row[3] for row in long), default=0)),
            "slot_lag_mb": max((row[3] for row in slots), default=0) // _DECIMAL,
        }
        return Look(readings=readings, troubles=tuple(troubles))

    def _connections(self, used: int, most: int) -> list[Trouble]:
        if used * 100 < self._settings.connections * most:
            return []
        return [
            Trouble(
                probe=self.name,
                subject="connections",
                severity=Severity.WARNING,
                message=f"{used} of {most} connections are taken",
                hint="Let applications go through the pooler, or raise `max_connections`",
            )
        ]

    def _transactions(self, rows: list[tuple[int, str, str, float]]) -> list[Trouble]:
        return [
            Trouble(
                probe=self.name,
                subject=f"transaction {pid}",
                severity=Severity.WARNING,
                message=f"a transaction of `{user}` is open for {age / 60:.0f} min ({state})",
                hint=f"`select pg_terminate_backend({pid})` ends it; until then rows pile up",
            )
            for pid, user, state, age in rows
        ]

    def _slots(self, rows: list[tuple[str, bool, str, int]]) -> list[Trouble]:
        found = []
        for slot, is_active, status, lag in rows:
            is_full = lag > self._settings.slot_lag
            what = ""
            if status == "lost":
                what = "is lost: what it should have kept is gone"
            elif is_full:
                what = f"holds back {lag // _DECIMAL} MB of WAL"
            elif not is_active:
                what = "is used by nobody, and WAL is kept for it"
            if what:
                found.append(
                    Trouble(
                        probe=self.name,
                        subject=f"slot {slot}",
                        severity=Severity.ERROR
                        if lag > self._settings.slot_lag
                        else Severity.WARNING,
                        message=f"the replication slot `{slot}` {what}",
                        hint="Start what reads it, or drop it: the disk fills up until then",
                    )
                )
        return found
