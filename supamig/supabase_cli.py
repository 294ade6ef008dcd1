"""The official Supabase CLI and its ``db dump``.

It runs pg_dump in a container.  Where no Docker engine answers, or the engine cannot get the image,
the script that its ``--dry-run`` prints, the same pg_dump with the same edits, is run with local
tools instead.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from psycopg.conninfo import conninfo_to_dict

from supamig import pgtools
from supamig.errors import ToolFailed, ToolMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from supamig.postgres import Source
    from supamig.secret import Secret

_NO_PASSWORD = 'export PGPASSWORD=""'  # noqa: S105 - the line that sets none
_SHEBANG = "#!/usr/bin/env bash"
_NO_IMAGE = "failed to pull docker image"
_QUIET = {"SUPABASE_TELEMETRY_DISABLED": "1", "DO_NOT_TRACK": "1", "NO_COLOR": "1"}


class ImageMissing(ToolFailed):
    """The engine cannot get the image that the CLI runs pg_dump in; nothing was handed over."""


class SupabaseCli:
    """One run's way to the CLI: with an engine, or through its dry run and local tools."""

    def __init__(
        self, source: Source, *, program: Path | None, pg_bin: Path | None, engine: bool = True
    ) -> None:
        found = str(program.absolute()) if program else shutil.which("supabase")
        if not found or not os.access(found, os.X_OK):
            raise ToolMissing(
                "the Supabase CLI (`supabase`) was not found",
                hint="Install it (`npm install supabase`) and name it in SUPAMIG_SUPABASE_CLI, or "
                "use `--method stream`",
            )
        self._program = found
        self._dsn = source.dsn
        with_engine = engine and _engine_answers()
        self._tools = None if with_engine else pgtools.choose(source.facts.major, pg_bin=pg_bin)
        self.version = pgtools.run([found, "--version"], environment=_QUIET).decode().strip()

    @property
    def producer(self) -> str:
        """Say what makes the dump: the CLI alone, or its script and local tools."""
        if self._tools is None:
            return f"supabase CLI {self.version}"
        return (
            f"supabase CLI {self.version}, script of its dry run with pg_dump {self._tools.version}"
        )

    def dump(self, options: Sequence[str], sink: Callable[[bytes], object]) -> None:
        """Run ``db dump`` with some options and hand over what it writes."""
        url, password = url_without_password(self._dsn)
        with tempfile.TemporaryDirectory(prefix="supamig-") as directory:
            command = [self._program, "db", "dump", f"--remote={url}", *options]
            if self._tools is None:
                self._with_engine(command, {**_QUIET, **password}, Path(directory), sink)
            else:
                self._by_script(command, password, Path(directory), sink, self._tools)

    def _with_engine(
        self,
        command: list[str],
        environment: dict[str, str],
        directory: Path,
        sink: Callable[[bytes], object],
    ) -> None:
        place = directory / "dump.sql"
        try:
            pgtools.run([*command, "-f", str(place)], environment=environment, cwd=directory)
        except ToolFailed as error:
            if _NO_IMAGE in str(error):
                raise ImageMissing(str(error), hint=error.hint) from None
            raise
        with place.open("rb") as stream:
            while chunk := stream.read(1 << 18):
                sink(chunk)

    def _by_script(
        self,
        command: list[str],
        password: dict[str, str],
        directory: Path,
        sink: Callable[[bytes], object],
        tools: pgtools.Tools,
    ) -> None:
        # the CLI is not given the password here, since the script that it prints would hold it
        empty = {**_QUIET, "PGPASSWORD": ""}
        printed = pgtools.run([*command, "--dry-run"], environment=empty, cwd=directory).decode()
        before, mark, script = printed.partition(_SHEBANG)
        if not mark or _NO_PASSWORD not in script:
            raise ToolFailed(
                f"the dry run of the Supabase CLI {self.version} prints no script that is known: "
                + before.strip()[-200:],
                hint="Start a Docker engine, or use `--method pg_dump`",
            )
        file = directory / "dump.sh"
        file.write_text(mark + script.replace(_NO_PASSWORD, "", 1), encoding="utf-8")
        environment = {**password, **_ssl(self._dsn)}
        script_of_cli = ["bash", str(file)]
        pgtools.run(script_of_cli, environment=environment, first=tools.bindir, sink=sink)


def url_without_password(dsn: Secret) -> tuple[str, dict[str, str]]:
    """Write a connection string as the URL that the CLI takes, its password apart."""
    params = {key: str(value) for key, value in conninfo_to_dict(dsn.reveal()).items()}
    password = params.pop("password", None)
    user, host = quote(params.pop("user", "postgres"), safe=""), params.pop("host", "localhost")
    port, database = params.pop("port", "5432"), quote(params.pop("dbname", "postgres"), safe="")
    more = {key: value for key, value in params.items() if key.startswith("ssl")}
    if ":" in host:
        host = f"[{host}]"
    query = f"?{urlencode(more)}" if more else ""
    url = f"postgresql://{user}@{host}:{port}/{database}{query}"
    return url, {"PGPASSWORD": password} if password else {}


def _ssl(dsn: Secret) -> dict[str, str]:
    params = conninfo_to_dict(dsn.reveal())
    names = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}
    return {names[key]: str(params[key]) for key in names if params.get(key)}


def _engine_answers() -> bool:
    program = shutil.which("docker")
    if program is None:
        return False
    try:
        # `info` succeeds without an engine in some versions
        command = [program, "version", "--format", "{{.Server.Version}}"]
        asked = subprocess.run(command, capture_output=True, timeout=15, check=False)
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0
