"""Directories, disks, names and files that nobody expects: said in words, and nothing is lost."""

from __future__ import annotations

import errno
import json
import os
import socket
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from supamig import api
from supamig.backup import files, store
from supamig.cli import main
from supamig.config import BackupSettings
from supamig.errors import Refused, StepFailed, UsageError
from supamig.models import EventKind, Verdict
from supamig.secret import Secret

pytestmark = [pytest.mark.pg, pytest.mark.timeout(300)]


def without_database(dsn):
    parts = conninfo_to_dict(dsn.reveal())
    del parts["dbname"]
    return Secret(make_conninfo("", **parts))


def test_a_disk_that_is_read_only(settings, monkeypatch, raised):
    def refuse(*_arguments, **_options):
        raise OSError(errno.EROFS, "Read-only file system")

    # the last thing before a file of it is opened
    monkeypatch.setattr(store, "existing", refuse)
    raised(UsageError, 2, lambda: api.backup_now(settings), "Read-only file system")


def test_backups_of_another_user(settings, taken, monkeypatch, raised):
    made = taken()
    listed = Path.iterdir

    def refuse(place):
        if place in closed:
            raise PermissionError(errno.EACCES, "Permission denied")
        return listed(place)

    closed = {made}
    (made / "manifest.json").unlink()
    monkeypatch.setattr(Path, "iterdir", refuse)
    assert [one.state for one in api.backup_list(settings)] == ["damaged"]
    closed = {settings.backups_dir}
    for call in (api.backup_list, api.backup_verify):
        raised(UsageError, 2, lambda call=call: call(settings), "Permission denied")


def test_units_go_into_directories_only(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["backup", "units", "--output-dir", str(tmp_path / "file" / "below")]) == 2
    assert "hint: " in capsys.readouterr().err


def test_an_old_backup_behind_a_link_stays(settings, taken, tmp_path):
    old = taken(30)
    moved = old.rename(tmp_path / "moved")
    old.symlink_to(moved)
    done = api.backup_now(settings)
    assert done.removed == ()
    assert store.whole(old).taken_at == old.name


def test_an_old_backup_that_cannot_be_removed_is_told(settings, taken, monkeypatch, raised):
    old = taken(30)
    made = taken()

    def refuse(*_arguments):
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr("shutil.rmtree", refuse)
    raised(
        StepFailed,
        5,
        lambda: store.prune(settings.backups_dir, keep_days=7, now=datetime.now(tz=UTC)),
        old.name,
        "Device or resource busy",
    )
    # what is half removed is no backup any more
    assert store.names(settings.backups_dir) == [made.name]


def test_the_database_that_the_server_chose_is_restored_over(
    settings, taken, empty, monkeypatch, rows_of, left_on
):
    made = taken()
    monkeypatch.setenv("PGDATABASE", empty.name)
    report = api.backup_restore(replace(settings, target=without_database(empty.dsn)), made.name)
    assert report.verdict is Verdict.PASSED
    assert report.target.database == empty.name
    assert rows_of(empty) == 100
    assert left_on(empty.server) == []


def test_a_name_of_all_the_bytes_that_there_may_be(settings, taken, database, left_on):
    made = taken()
    name = "ü" * 31 + "x"
    server = database.server
    with server.connect() as session:
        session.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    try:
        report = api.backup_restore(replace(settings, target=server.dsn(name)), made.name)
        assert report.verdict is Verdict.PASSED
        with server.connect(name) as session:
            assert session.execute("select count(*) from notes").fetchone() == (100,)
        assert left_on(server) == []
    finally:
        with server.connect() as session:
            session.execute(sql.SQL("drop database {}").format(sql.Identifier(name)))


def test_what_new_databases_are_made_of_is_not_restored_over(settings, taken, database, raised):
    made = taken()
    given = replace(settings, target=database.server.dsn("template1"), into_nonempty=True)
    raised(Refused, 6, lambda: api.restore_plan(given, made.name), "template1")


def test_what_came_into_the_target_meanwhile_is_kept(settings, taken, empty, rows_of, left_on):
    made = taken()

    def write(event):
        if event.kind is EventKind.STEP_STARTED and event.step == "restore.names":
            with empty.connect() as session:
                session.execute("create table late as select 1 as id")

    given = replace(settings, target=empty.dsn)
    report = api.backup_restore(given, made.name, observer=write)
    assert report.verdict is Verdict.PASSED
    assert rows_of(empty) == 100
    ((parked,),) = left_on(empty.server)
    assert any(parked in note for note in report.notes)
    with empty.server.connect(parked) as session:
        assert session.execute("select id from late").fetchone() == (1,)
    with empty.server.connect() as session:
        session.execute(sql.SQL("drop database {}").format(sql.Identifier(parked)))


def test_a_target_that_stays_in_use_can_be_restored_later(
    settings, taken, empty, tmp_path, raised, rows_of, monkeypatch
):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "one").write_text("1")
    kept = replace(settings, backup=BackupSettings(files=tmp_path / "files"))
    name = api.backup_now(kept).backup.name
    given = replace(settings, target=empty.dsn, backup=BackupSettings(files=tmp_path / "restored"))
    monkeypatch.setattr("supamig.backup.restoring._ATTEMPTS", 1)
    with empty.connect() as session:
        session.execute("begin; create table held (); prepare transaction 'held'")
    raised(
        StepFailed, 5, lambda: api.backup_restore(given, name), "stays in use", "same command again"
    )
    with empty.connect() as session:
        session.execute("rollback prepared 'held'")
    assert list((tmp_path / "restored").iterdir()) == []
    assert api.backup_restore(given, name).verdict is Verdict.PASSED
    assert rows_of(empty) == 100
    assert (tmp_path / "restored" / "one").read_text() == "1"


def test_files_come_through_a_link_and_not_over_a_mount(
    settings, taken, empty, tmp_path, raised, monkeypatch
):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "one").write_text("1")
    # a neighbour of that name is somebody else's
    (tmp_path / "link.part").mkdir()
    name = api.backup_now(
        replace(settings, backup=BackupSettings(files=tmp_path / "files"))
    ).backup.name
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    given = replace(settings, target=empty.dsn, backup=BackupSettings(files=tmp_path / "link"))
    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.is_mount", lambda _: True)
        raised(Refused, 6, lambda: api.restore_plan(given, name), "mount point", "--files")
    assert api.backup_restore(given, name).verdict is Verdict.PASSED
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "one").read_text() == "1"
    assert (tmp_path / "link.part").is_dir()
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_unpacking_that_fails_leaves_nothing(tmp_path, monkeypatch):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "one").write_text("1")
    files.pack(tmp_path / "files", tmp_path / "files.tar", lambda *_: None)

    def full(*_arguments, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tarfile.TarFile.extract", full)
    with pytest.raises(StepFailed, match="no room left"):
        files.unpack(tmp_path / "files.tar", tmp_path / "out")
    assert {one.name for one in tmp_path.iterdir()} == {"files", "files.tar"}


def test_a_socket_and_a_pipe_among_the_files(tmp_path, monkeypatch):
    place = tmp_path / "files"
    place.mkdir()
    (place / "one").write_text("1")
    os.mkfifo(place / "pipe")
    monkeypatch.chdir(place)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        assert files.pack(place, tmp_path / "files.tar", lambda *_: None) == 1
    out = files.unpack(tmp_path / "files.tar", tmp_path / "out")
    assert (out / "one").read_text() == "1"


def test_a_file_that_goes_or_shrinks_while_it_is_read(tmp_path, monkeypatch):
    place = tmp_path / "files"
    place.mkdir()
    for name in ("gone", "kept"):
        (place / name).write_text("1234")
    told = files._attributes

    def meanwhile(path):
        if path.name == "gone":
            path.unlink()
        return told(path)

    monkeypatch.setattr(files, "_attributes", meanwhile)
    assert files.pack(place, tmp_path / "first.tar", lambda *_: None) == 1

    def shorter(path):
        path.write_text("1")
        return told(path)

    monkeypatch.setattr(files, "_attributes", shorter)
    with pytest.raises(StepFailed, match="became shorter"):
        files.pack(place, tmp_path / "second.tar", lambda *_: None)


@pytest.mark.parametrize(
    "edit",
    [
        lambda manifest: manifest.update(pg_dump=""),
        lambda manifest: manifest["files"].update({"a\0b": manifest["files"]["roles.sql"]}),
        lambda manifest: manifest.update(tables=[]),
        lambda manifest: manifest["tables"][0].update(columns=["other"]),
    ],
    ids=["no version", "no name", "no tables", "other columns"],
)
def test_a_manifest_that_was_edited_is_no_proof(settings, taken, resum, edit):
    made = taken()
    manifest = json.loads((made / "manifest.json").read_text())
    edit(manifest)
    (made / "manifest.json").write_text(json.dumps(manifest))
    resum(made)
    assert api.backup_verify(settings, made.name).verdict is Verdict.FAILED
    assert len(api.backup_list(settings, hashes=True)) == 1
