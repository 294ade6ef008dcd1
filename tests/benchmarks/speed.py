"""How fast a move is: `python tests/benchmarks/speed.py` prints ratios to `pg_dump | psql`.

Both ways move the same database between the same two servers, taking turns.  Seconds say something
about one machine only, so what is printed is the median of supamig's seconds divided by the median
of the official flow's: of the whole command, which also compares every row on both sides, of what
changes the target alone, and of that comparison.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from watched import supamig

from supamig import pgtools
from supamig.testing.clusters import cluster_pair
from supamig.testing.servers import fresh_database

PROJECT = """
    create table public.accounts (id bigint, branch int, balance numeric(12, 2), filler char(60));
    insert into public.accounts
    select n, n % 97, n * 0.01, 'filler' from generate_series(1, {narrow}) as n;
    create table public.events (
      id uuid primary key default gen_random_uuid(), account bigint not null, at timestamptz,
      kind text, tags text[], amount numeric, payload jsonb);
    insert into public.events (account, at, kind, tags, amount, payload)
    select 1 + n % {narrow}, timestamptz '2026-01-01' + make_interval(secs => n), 'kind ' || n % 50,
           array['tag ' || n % 7, md5((n % 1000)::text)], n * 1.1,
           jsonb_build_object('number', n, 'text', repeat(md5(n::text), 8), 'list', array[n, n % 3])
    from generate_series(1, {wide}) as n;
    alter table public.accounts add primary key (id);
    create index on public.events (account);
    create index on public.events (at);
    create index on public.events (kind, at);
    create index on public.events using gin (payload jsonb_path_ops);
    alter table public.events add foreign key (account) references public.accounts;
    do $$
    begin
      for n in 1..80 loop
        execute format('create table public.small_%1$s (id serial primary key, account bigint'
          ' references public.accounts, note text);'
          'insert into public.small_%1$s (account, note)'
          ' select i, md5(i::text) from generate_series(1, least(1000, {narrow})) as i;'
          'create index on public.small_%1$s (account)', n);
      end loop;
    end $$;
    analyze;
"""


def main():
    options = parse()
    names = ("whole", "moving", "comparing", "official")
    seconds = {name: [] for name in names}
    with (
        cluster_pair(settings={"max_wal_size": "8GB"}) as (first, second),
        fresh_database(first) as source,
    ):
        with source.connect() as session:
            session.execute(PROJECT.format(narrow=options.narrow, wide=options.wide))
        for _ in range(options.rounds):
            with fresh_database(second) as target:
                seconds["official"].append(official(source, target))
            with fresh_database(second) as target:
                for name, taken in ours(source, target, options.jobs).items():
                    seconds[name].append(taken)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name in names[:-1]:
        print(f"{name:10} {medians[name] / medians['official']:.2f} of the official flow")
    return 0


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--narrow", type=int, default=2_000_000, help="rows of the narrow table")
    parser.add_argument("--wide", type=int, default=300_000, help="rows of the wide table")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=0, help="supamig's own default when not given")
    return parser.parse_args()


def official(source, target):
    """Move by `pg_dump | psql`, in one transaction, without triggers."""
    tools = pgtools.choose(int(server_version(source).partition(".")[0]))
    place, password = pgtools.connection_arguments(source.dsn)
    dump = [tools.program("pg_dump"), *place]
    place, other = pgtools.connection_arguments(target.dsn)
    load = [tools.program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-1", "-o", os.devnull]
    began = time.monotonic()
    with subprocess.Popen(dump, env={**os.environ, **password}, stdout=subprocess.PIPE) as process:
        subprocess.run(
            [*load, "-c", "set session_replication_role = replica", "-f", "-", *place],
            env={**os.environ, **other},
            stdin=process.stdout,
            check=True,
        )
    if process.returncode:
        sys.exit("pg_dump failed")
    return time.monotonic() - began


def server_version(database):
    with database.connect() as session:
        return session.execute("show server_version").fetchone()[0]


def ours(source, target, jobs):
    with tempfile.TemporaryDirectory(prefix="supamig-benchmark-") as directory:
        report = Path(directory) / "report.json"
        command = ["migrate", "--yes", "-o", str(report)]
        if jobs:
            command += ["--jobs", str(jobs)]
        ended = supamig(*command, source=source, target=target, directory=directory)
        if ended.status:
            sys.exit(f"supamig ended with {ended.status}:\n{ended.said}")
        told = json.loads(report.read_text())
    comparing = max(c["seconds"] for c in told["checks"] if c["id"].startswith("rows."))
    moving = sum(step["seconds"] for step in told["steps"])
    return {"whole": ended.seconds, "moving": moving, "comparing": comparing}


if __name__ == "__main__":
    sys.exit(main())
