"""`supamig demo`: a sample project, moved between two servers of this machine's own."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from supamig.cli import options
from supamig.errors import ExitCode
from supamig.models import Verdict

if TYPE_CHECKING:
    from supamig.cli.invocation import Invocation
    from supamig.cli.output import Output
    from supamig.config import Settings
    from supamig.models import Report

_PAGE = "report.html"


@click.command(short_help="Move a sample project between two servers of its own.")
@click.option(
    "--scale",
    type=click.FloatRange(min=0, max=1000, min_open=True),
    default=1.0,
    show_default=True,
    help="Size of the sample; 1.0 is about 100,000 rows.",
)
@click.option("--keep", is_flag=True, help="Keep the servers running until Enter or Ctrl-C.")
@click.option(
    "--report",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory for the report.  [default: backups/demo_TIME]",
)
@options.common
@click.pass_obj
def command(invocation: Invocation, /, *, scale: float, keep: bool, directory: Path | None) -> int:
    """Start two Postgres servers, fill one with a sample project, move it, compare every row.

    Then two applications are switched to the target and back.  The servers are gone afterwards;
    what stays is the report.
    """
    from supamig.cli.output import Output

    if directory is None:
        directory = Path("backups") / f"demo_{datetime.now(tz=UTC):%Y%m%d_%H%M%S}"
    is_new = not directory.exists()
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    output = Output(invocation)
    try:
        with ExitStack() as servers:
            code, settings = _demonstrate(servers, invocation, scale=scale, directory=directory)
            if keep:
                _wait(settings, output, directory)
    except BaseException:
        # who stops it wants nothing of it, not even the servers' addresses
        if is_new and not (directory / _PAGE).exists():
            shutil.rmtree(directory, ignore_errors=True)
        raise
    return code


def _demonstrate(
    servers: ExitStack, invocation: Invocation, *, scale: float, directory: Path
) -> tuple[int, Settings]:
    """Move, switch, go back; write the reports and return how it ended."""
    from supamig.cli import demo_applications
    from supamig.cli.files import Files
    from supamig.cli.output import Output
    from supamig.report import write
    from supamig.report.json import to_json
    from supamig.report.record import markdown

    page, saved = directory / _PAGE, directory / "validation_report.json"
    pool = ThreadPoolExecutor(2)
    # entered before the servers, so it waits for work that ends with them at the latest
    servers.callback(pool.shutdown)
    settings = _prepare(servers, pool, invocation, Output(invocation), scale, directory)
    started = demo_applications.start_services(servers, pool, settings)
    output = Output(invocation)
    report = _move(settings, output)
    code = output.report(report, Files.find([("html", page), ("json", saved)], settings))
    others = demo_applications.switch(started, invocation, output, settings)
    if output.is_text:
        demo_applications.show(output, others)
    redact = invocation.redactor().redact
    for name, one in others.items():
        write(directory / f"{name}_report.json", redact(to_json(one)), private=True)
    record = directory / "migration_record.md"
    write(record, redact(markdown(demo_applications.record(report, others))), private=True)
    output.hint(f"report: {page}\n        {saved}\nrecord: {record}")
    failed = any(one.verdict is not Verdict.PASSED for one in others.values())
    return ExitCode.FINDINGS if failed else code, settings


def _prepare(  # noqa: PLR0913, PLR0917 - what the demo is made of, passed on once
    servers: ExitStack,
    pool: ThreadPoolExecutor,
    invocation: Invocation,
    output: Output,
    scale: float,
    directory: Path,
) -> Settings:
    """Start the servers, install the project on one and an empty deployment on the other."""
    from supamig.config import Settings
    from supamig.testing.clusters import cluster_pair
    from supamig.testing.sample import install

    output.hint("starting two Postgres servers")
    source, target = servers.enter_context(cluster_pair())
    settings = Settings(
        # as on Supabase Cloud, where a project's owner is no superuser
        source=source.dsn(user="postgres", password=source.password),
        target=target.dsn(),
        state_dir=directory / "state",
        backups_dir=directory,
    )
    invocation.secrets += settings.secrets()
    output.hint(f"filling the source with the sample project, scale {scale:g}")
    made = [
        pool.submit(
            install,
            source.dsn(),
            flavour="cloud",
            application=True,
            scale=scale,
            postgres_password=source.password.reveal(),
        ),
        pool.submit(install, target.dsn(), flavour="self-hosted", application=False),
    ]
    for one in made:
        one.result()
    return settings


def _move(settings: Settings, output: Output) -> Report:
    from supamig import api

    with output.progress() as observer:
        return api.migrate(settings, observer=observer)


def _wait(settings: Settings, output: Output, directory: Path) -> None:
    """Keep the servers until somebody has seen enough, with their addresses in a private file."""
    addresses = directory / "servers.env"
    descriptor = os.open(addresses, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(f"SUPAMIG_SOURCE_DSN='{settings.require('source').reveal()}'\n")
        stream.write(f"SUPAMIG_TARGET_DSN='{settings.require('target').reveal()}'\n")
    output.hint(f"the servers run; their connection strings are in {addresses}")
    try:
        if sys.stdin.isatty():
            output.hint("Enter stops them")
            sys.stdin.readline()
        else:
            threading.Event().wait()
    finally:
        addresses.unlink()
