"""What cannot be done is refused before anything is written, and says what, why and what next."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import socket
import stat
import subprocess
import time
from dataclasses import replace

import pytest
import zstandard
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from supamig import api
from supamig.errors import (
    AuthenticationFailed,
    BundleDamaged,
    BundleTooNew,
    PlanRefused,
    SameDatabase,
    SupamigError,
    TargetNotEmpty,
    TargetOlder,
    ToolMissing,
    ToolTooOld,
    Unreachable,
)
from supamig.models import Verdict
from supamig.secret import Secret

pytestmark = [pytest.mark.pg, pytest.mark.timeout(120)]


@pytest.fixture
def refused(target):
    """Call something that must fail as said, with a hint, and leave the target as it was."""

    def check(call, kind, code, *words):
        with pytest.raises(SupamigError) as caught:
            call()
        error = caught.value
        assert type(error) is kind, error
        assert error.exit_code == code
        assert error.hint
        assert not error.hint.endswith(".")
        for word in words:
            assert word in error.message
        assert made_by_supamig(target) == []
        return error

    return check


def made_by_supamig(database):
    with database.connect() as session:
        return session.execute(
            "select nspname from pg_namespace where nspname in ('_supamig', 'analytics')"
            " union all select relname from pg_class where relnamespace = 'public'::regnamespace"
        ).fetchall()


def changed(dsn, **parts):
    return Secret(make_conninfo("", **{**conninfo_to_dict(dsn.reveal()), **parts}))


SIDES = pytest.mark.parametrize("side", ["source", "target"])


@SIDES
@pytest.mark.parametrize("parts", [{"password": "wrong-Canary"}, {"user": "nobody-here"}])
def test_wrong_login(side, parts, settings, refused):
    given = settings()
    given = replace(given, **{side: changed(given.require(side), **parts)})
    error = refused(lambda: api.migrate(given), AuthenticationFailed, 3, side, "refused the login")
    assert "wrong-Canary" not in error.message + error.hint
    assert conninfo_to_dict(given.require(side).reveal())["user"] in error.message


@SIDES
def test_host_that_takes_the_call_and_says_nothing(side, settings, refused):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        given = settings(connect_timeout=10.0)
        given = replace(given, **{side: changed(given.require(side), port=port)})
        began = time.monotonic()
        refused(lambda: api.migrate(given), Unreachable, 4, side, str(port))
        assert time.monotonic() - began < 15


@SIDES
@pytest.mark.parametrize("place", [{"port": 1}, {"host": "no-such-host.invalid"}])
def test_host_that_is_not_there(side, place, settings, refused):
    given = settings()
    given = replace(given, **{side: changed(given.require(side), **place)})
    refused(lambda: api.migrate(given), Unreachable, 4, side, str(*place.values()))
    report = api.doctor(given)
    assert report.verdict is Verdict.FAILED
    assert [finding.check for finding in report.findings] == [f"preflight.{side}-reachable"]


@pytest.mark.parametrize("way", ["same", "localhost", "socket", "another role"])
def test_source_equal_to_target(way, source, target, settings, refused):
    with target.connect() as session:
        directory = session.execute("show unix_socket_directories").fetchone()[0].split(",")[0]
    parts = {
        "same": {},
        "localhost": {"host": "localhost"},
        "socket": {"host": directory},
        "another role": {"user": "postgres"},
    }
    with target.connect() as session:
        word = conninfo_to_dict(target.dsn.reveal())["password"]
        session.execute(f"alter role postgres password '{word}'")
    given = settings(source=changed(target.dsn, **parts[way]))
    error = refused(lambda: api.migrate(given), SameDatabase, 6, "same database", target.name)
    assert "--source and --target" in error.hint
    refused(lambda: api.plan(given), SameDatabase, 6)


def test_swapped_source_and_target(source, target, settings, refused):
    given = settings(source=target.dsn, target=source.dsn)
    error = refused(lambda: api.migrate(given), TargetNotEmpty, 6, "holds user data")
    assert "swapped" in error.hint
    with source.connect() as session:
        ledger = "select count(*) from pg_namespace where nspname = '_supamig'"
        assert session.execute(ledger).fetchone() == (0,)
    assert api.status(given) == []


def test_target_that_has_objects_of_the_same_names(target, settings, refused):
    with target.connect() as session:
        session.execute("create table public.tags (id int)")
    with pytest.raises(TargetNotEmpty, match="objects of the source's names"):
        api.migrate(settings(into_nonempty=True))


@pytest.fixture
def old_tools(tmp_path):
    directory = tmp_path / "old-bin"
    directory.mkdir()
    for name in ("pg_dump", "pg_restore", "pg_dumpall", "psql"):
        program = directory / name
        program.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) 9.6.24'\n")
        program.chmod(0o755)
    return directory


@pytest.mark.parametrize("method", ["stream", "pg_dump"])
def test_pg_dump_older_than_the_server(method, old_tools, settings, refused):
    given = settings(method=method, pg_bin=old_tools)
    error = refused(lambda: api.migrate(given), ToolTooOld, 6, "9.6.24", "older than the server")
    assert "SUPAMIG_PG_BIN" in error.hint
    refused(lambda: api.export(given), ToolTooOld, 6)
    assert not given.backups_dir.exists() or list(given.backups_dir.iterdir()) == []


def test_no_pg_dump_at_all(tmp_path, settings, refused):
    refused(lambda: api.migrate(settings(pg_bin=tmp_path)), ToolMissing, 6, "pg_dump")


def test_no_supabase_cli(tmp_path, settings, refused):
    given = settings(method="cli", supabase_cli=tmp_path / "supabase")
    error = refused(lambda: api.migrate(given), ToolMissing, 6, "Supabase CLI")
    assert "SUPAMIG_SUPABASE_CLI" in error.hint


def test_target_older_than_the_source(newer, target, settings, refused):
    given = settings(source=newer.dsn())
    refused(lambda: api.migrate(given), TargetOlder, 6, "older than the source")
    refused(lambda: api.plan(given), TargetOlder, 6)


def test_extension_that_the_target_does_not_have(own_source, owner_of, settings, refused):
    with own_source.connect() as session:
        session.execute("create extension if not exists pg_trgm with schema extensions")
        session.execute("update pg_extension set extname = 'acme_geo' where extname = 'pg_trgm'")
    given = settings(source=owner_of(own_source))
    refused(lambda: api.migrate(given), PlanRefused, 6, "`acme_geo` is not available")
    assert "preflight.extensions" in {finding.check for finding in api.doctor(given).findings}


def test_plugin_that_cannot_be_imported(supamig, tmp_path):
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "acme.py").write_text("import no_such_module\n")
    process = supamig("doctor", "--plugins-dir", plugins, "--output", "json")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    report = json.loads(out)
    assert report["verdict"] == "incomplete"
    findings = [finding for check in report["checks"] for finding in check["findings"]]
    (finding,) = [finding for finding in findings if finding["check"] == "plugin.import-failed"]
    assert "no_such_module" in finding["message"]
    assert str(plugins) in finding["hint"]


# Bundles


@pytest.fixture(scope="module")
def whole_bundle(sample_pair, tmp_path_factory):
    """One bundle for all tests here, which work on copies of it."""
    from supamig.config import Settings

    path = tmp_path_factory.mktemp("bundles") / "whole"
    bundle, _ = api.export(Settings(source=sample_pair[0].dsn, output_dir=path))
    return bundle


@pytest.fixture
def bundle(whole_bundle, tmp_path):
    return shutil.copytree(whole_bundle, tmp_path / "bundle")


def truncate(bundle, path):
    with (bundle / path).open("rb+") as file:
        file.truncate(file.seek(0, os.SEEK_END) - 1)


def edit(bundle, path):
    """Change one letter in the middle; the size stays."""
    data = bytearray((bundle / path).read_bytes())
    data[len(data) // 2] ^= 1
    (bundle / path).write_bytes(data)


@pytest.mark.parametrize("how", [truncate, edit, lambda bundle, path: (bundle / path).unlink()])
@pytest.mark.parametrize("path", ["schema.dump", "inventory.json", "data/auth.users.copy.zst"])
def test_damaged_file_of_a_bundle(how, path, bundle, settings, refused):
    how(bundle, path)
    call = lambda: api.import_bundle(settings(source=None), bundle)  # noqa: E731
    refused(call, BundleDamaged, 6, path)
    refused(lambda: api.validate(settings(source_bundle=bundle)), BundleDamaged, 6, path)


def with_its_sum(bundle):
    """Write the sum of an edited manifest as a careful person would."""
    digest = hashlib.sha256((bundle / "manifest.json").read_bytes()).hexdigest()
    sums = bundle / "SHA256SUMS"
    lines = [line for line in sums.read_text().splitlines() if "manifest.json" not in line]
    sums.write_text("\n".join([*lines, f"{digest}  manifest.json", ""]))


def test_edited_manifest(bundle, settings, refused):
    call = lambda: api.import_bundle(settings(source=None), bundle)  # noqa: E731
    manifest = bundle / "manifest.json"
    text = manifest.read_text()
    manifest.write_text(text.replace('"rows": 11', '"rows": 12', 1))
    refused(call, BundleDamaged, 6, "manifest.json was changed")
    (bundle / "SHA256SUMS").unlink()
    refused(call, BundleDamaged, 6, "SHA256SUMS")
    manifest.unlink()
    refused(call, BundleDamaged, 6, "manifest.json")


def test_malformed_manifest(bundle, settings, refused):
    call = lambda: api.import_bundle(settings(source=None), bundle)  # noqa: E731
    manifest = bundle / "manifest.json"
    text = manifest.read_text()
    fields = json.loads(text)
    escaping = {**fields["artifacts"][0], "path": "../elsewhere"}
    for damaged in (
        text[: len(text) // 2],
        "",
        "[]",
        '{"format": "x"}',
        '{"format": 1}',
        json.dumps({**fields, "artifacts": [escaping]}),
        json.dumps({**fields, "artifacts": [{"path": "roles.sql"}]}),
        json.dumps({**fields, "artifacts": None}),
        json.dumps({**fields, "tables": [{}]}),
        json.dumps({**fields, "artifacts": fields["artifacts"][1:]}),
    ):
        manifest.write_text(damaged)
        with_its_sum(bundle)
        refused(call, BundleDamaged, 6)


def test_bundle_of_a_newer_format(bundle, settings, refused):
    manifest = bundle / "manifest.json"
    fields = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({"format": 999, "supamig": "7.0", "unknown": fields}))
    call = lambda: api.import_bundle(settings(source=None), bundle)  # noqa: E731
    error = refused(call, BundleTooNew, 2, "999", "reads up to 1")
    assert "7.0" in error.hint


# A full disk


@pytest.fixture
def full_disk(tmp_path):
    """Make a directory in which about a megabyte has room, and what a process needs to see it so.

    Root mounts a small disk; others get a limit on the size of each file.
    """
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "supamig-test", str(place)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode == 0:
        yield place, None
        subprocess.run(["umount", str(place)], check=True)
    else:
        yield place, lambda: limit_files(1 << 20)


def limit_files(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("method", ["stream", "pg_dump"])
def test_disk_full_while_exporting(method, full_disk, supamig):
    place, limit = full_disk
    process = supamig("export", "--method", method, "--dir", place / "made", preexec_fn=limit)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 5, err
    assert "error: no room left while writing" in err
    assert "hint: " in err
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("size", [0, 3000, 300_000])
def test_no_room_for_the_files_of_a_run(size, supamig, working_directory, target):
    """The journal, what the target held, the inventory: each is the first that does not fit."""
    process = supamig("migrate", "--yes", preexec_fn=lambda: limit_files(size))
    _, err = process.communicate(timeout=60)
    assert process.returncode == 5, err
    assert "error: no room left while writing" in err
    assert made_by_supamig(target) == []
    assert supamig("migrate", "--yes", "--dry-run").wait(60) == 0


def test_bundle_is_private_whatever_the_umask(sample_pair, tmp_path, supamig):
    process = supamig("export", "--dir", "made", preexec_fn=lambda: os.umask(0) and None)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    for path in (tmp_path / "made").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_row_that_was_edited_with_all_its_sums(bundle, settings, target):
    """The digests of the source, which nobody can make up, tell on it."""
    path = bundle / "data" / "public.agent_registry.copy.zst"
    text = zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read()
    first, _, rest = text.partition(b"\n")
    changed_row = first.replace(b"active", b"retired") if b"active" in first else first
    rest = rest if changed_row != first else rest.replace(b"active", b"retired", 1)
    data = zstandard.compress(changed_row + b"\n" + rest)
    old = hashlib.sha256(path.read_bytes()).hexdigest()
    new = hashlib.sha256(data).hexdigest()
    manifest = bundle / "manifest.json"
    fields = json.loads(manifest.read_text())
    for entry in fields["artifacts"]:
        if entry["sha256"] == old:
            entry |= {"sha256": new, "bytes": len(data)}
    path.write_bytes(data)
    manifest.write_text(json.dumps(fields))
    sums = bundle / "SHA256SUMS"
    sums.write_text(sums.read_text().replace(old, new))
    with_its_sum(bundle)
    report = api.import_bundle(settings(source=None), bundle)
    assert report.verdict is Verdict.FAILED
    found = {(finding.check, finding.subject) for finding in report.findings}
    assert ("rows.digest", "public.agent_registry") in found
