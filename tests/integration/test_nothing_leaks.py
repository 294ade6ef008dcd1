"""Passwords stay where they belong: in no output, no file and no list of processes."""

from __future__ import annotations

import contextlib
import json
import threading
from pathlib import Path
from urllib.parse import quote

import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

pytestmark = [pytest.mark.pg, pytest.mark.timeout(180)]

#: Has to be escaped in a URL, in a shell, in SQL and in JSON.
CANARY = "Canary-%41@b:c/d'\"e\\é"


def written(word):
    """Give the word in every way in which a program may have written it."""
    return {word, quote(word, safe=""), quote(word), json.dumps(word)[1:-1], repr(word)[1:-1],
            json.dumps(word, ensure_ascii=False)[1:-1], word.replace("'", "''")}  # fmt: skip


@pytest.fixture
def environ(own_source, target):
    """Connection strings of a role with the canary as its password, on both servers."""
    with contextlib.ExitStack() as stack:
        found = {}
        for side, database in (("SOURCE", own_source), ("TARGET", target)):
            session = stack.enter_context(database.connect())
            session.execute(
                sql.SQL("create role canary superuser login password {}").format(CANARY)
            )
            stack.callback(session.execute, "drop role canary")
            for statement in ("drop owned by canary", "reassign owned by canary to current_user"):
                stack.callback(session.execute, statement)
            params = conninfo_to_dict(database.dsn.reveal())
            login = {"user": "canary", "password": CANARY}
            found[f"SUPAMIG_{side}_DSN"] = make_conninfo("", **{**params, **login})
        yield found


class Processes:
    """Notes the command lines of a process and all below it while it runs."""

    def __init__(self, process):
        self._process = process
        self.seen = set()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self):
        while self._process.poll() is None:
            self._look(self._process.pid)

    def _look(self, pid):
        with contextlib.suppress(OSError):
            self.seen.add(Path(f"/proc/{pid}/cmdline").read_bytes().decode())
            for path in Path(f"/proc/{pid}/task").glob("*/children"):
                for child in path.read_text().split():
                    self._look(child)

    def names(self):
        self._thread.join(10)
        return {Path(line.split("\0")[0]).name for line in self.seen}


def files_below(directory):
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


REPORTS = ("-o", "report.json", "--html", "report.html", "--junit", "report.xml")
COMMANDS = [
    pytest.param(("migrate", "--yes", *REPORTS), {"pg_dump", "psql"}, id="stream"),
    pytest.param(("migrate", "--yes", "--method", "pg_dump"), {"pg_dump"}, id="pg_dump"),
    pytest.param(("export", "--dir", "made", "--output", "ndjson"), {"pg_dump"}, id="export"),
    pytest.param(
        ("export", "--dir", "made", "--method", "cli"),
        {"pg_dump", "bash"},
        id="cli",
        marks=pytest.mark.supabase_cli,
    ),
]


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks at command lines in /proc")
@pytest.mark.parametrize(("arguments", "programs"), COMMANDS)
def test_a_password_is_nowhere(request, arguments, programs, environ, supamig, working_directory):
    if "cli" in arguments:
        program = request.getfixturevalue("supabase_cli")
        environ = {**environ, "SUPAMIG_SUPABASE_CLI": str(program)}
    process = supamig(*arguments, "--debug", environ=environ)
    processes = Processes(process)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert programs <= processes.names()
    files = files_below(working_directory)
    assert len(files) > 5
    for form in written(CANARY):
        assert form not in out + err
        assert not [line for line in processes.seen if form in line]
        assert not [path for path, data in files.items() if form.encode() in data]


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ({"port": "1"}, 4),
        ({"dbname": CANARY}, 4),
        ({"user": "somebody"}, 3),
        ({"sslmode": CANARY}, 4),
        ({"options": f"-c search_path={CANARY}"}, None),
    ],
)
def test_a_password_is_in_no_error(broken, code, environ, supamig, working_directory):
    dsn = make_conninfo("", **{**conninfo_to_dict(environ["SUPAMIG_TARGET_DSN"]), **broken})
    process = supamig("migrate", "--yes", "--debug", environ={**environ, "SUPAMIG_TARGET_DSN": dsn})
    out, err = process.communicate(timeout=60)
    assert code is None or process.returncode == code, err
    assert process.returncode != 70, err
    for form in written(CANARY):
        assert form not in out + err
        assert not [p for p, d in files_below(working_directory).items() if form.encode() in d]
