"""What cannot be done is refused before anything is written; what was cut off is not there."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from supamig import api
from supamig.backup import scratch, store
from supamig.backup.manifest import open_backup
from supamig.config import BackupSettings
from supamig.errors import (
    AuthenticationFailed,
    BackupDamaged,
    BackupTooNew,
    ConnectionLost,
    Refused,
    RunInProgress,
    StepFailed,
    TargetNotEmpty,
    TargetOlder,
    ToolMissing,
    ToolTooOld,
    UsageError,
)
from supamig.models import EventKind, Verdict
from supamig.secret import Secret

pytestmark = [pytest.mark.pg, pytest.mark.timeout(300)]


def nothing_is_there(settings):
    return [one.name for one in settings.backups_dir.iterdir() if one.name != ".lock"] == []


def test_old_backups_go_and_the_last_good_one_stays(settings, taken):
    good, damaged = taken(30), taken(20)
    (damaged / "database.dump").write_bytes(b"")
    gone = store.prune(settings.backups_dir, keep_days=7, now=datetime.now(tz=UTC))
    assert gone == [damaged.name]
    done = api.backup_now(settings)
    assert done.removed == (good.name,)
    assert [one.name for one in api.backup_list(settings)] == [done.backup.name]


def test_nothing_is_removed_while_the_clock_stands_before_the_newest(settings, taken):
    future, old = taken(-1), taken(20)
    said = []
    done = api.backup_now(settings, observer=said.append)
    assert done.removed == ()
    assert "clock" in done.notes[-1]
    assert done.notes[-1] in [event.message for event in said if event.kind is EventKind.NOTE]
    assert {old.name, done.backup.name, future.name} == set(store.names(settings.backups_dir))


def test_what_a_killed_backup_left_goes_with_the_next(settings):
    left = settings.backups_dir / ".part-20261125T020000Z"
    left.mkdir()
    assert api.backup_list(settings) == []
    api.backup_now(settings)
    assert not left.exists()


def test_two_at_once_are_refused(settings, raised):
    with store.writing(settings.backups_dir):
        raised(RunInProgress, 6, lambda: api.backup_now(settings), "another backup")


def test_a_volume_that_is_not_mounted(settings, raised):
    missing = replace(settings, backups_dir=settings.backups_dir / "volume")
    for call in (api.backup_now, api.backup_list, api.backup_verify):
        raised(UsageError, 2, lambda call=call: call(missing), "no directory", "Mount")


def test_a_wrong_password(settings, raised):
    wrong = make_conninfo("", **{**conninfo_to_dict(settings.target.reveal()), "password": "no"})
    given = replace(settings, target=Secret(wrong))
    raised(AuthenticationFailed, 3, lambda: api.backup_now(given), "refused the login")
    assert nothing_is_there(settings)


def test_a_role_that_may_not_read_passwords(settings, sample_pair, owner_of, raised):
    given = replace(settings, target=owner_of(sample_pair[0]))
    raised(Refused, 6, lambda: api.backup_now(given), "passwords of roles", "supabase_admin")
    assert nothing_is_there(settings)


def test_no_pg_dump(settings, tmp_path, raised):
    given = replace(settings, pg_bin=tmp_path)
    raised(ToolMissing, 6, lambda: api.backup_now(given), "pg_dump")
    assert nothing_is_there(settings)


def test_a_server_that_goes_away_in_the_middle(settings, proxy, raised):
    line = proxy(settings.target)

    def cut(event):
        if event.kind is EventKind.STEP_STARTED and event.step == "backup.database":
            line.cut(after=4000)

    given = replace(settings, target=line.dsn)
    error = raised(StepFailed, 5, lambda: api.backup_now(given, observer=cut))
    assert isinstance(error, StepFailed | ConnectionLost)
    assert nothing_is_there(settings)


def test_missing_files_and_secrets_are_no_backup_without_them(settings, tmp_path, raised):
    for field in ("files", "secrets_file"):
        given = replace(settings, backup=BackupSettings(**{field: tmp_path / "nowhere"}))
        raised(UsageError, 2, lambda given=given: api.backup_now(given), "nowhere")
        assert nothing_is_there(settings)


@pytest.mark.parametrize("name", ["database.dump", "roles.sql", "inventory.json", "manifest.json"])
def test_a_damaged_file_is_found_and_nothing_is_restored(name, settings, taken, empty, raised):
    made = taken()
    with (made / name).open("r+b") as file:
        file.seek(40)
        file.write(b"?")
    report = api.backup_verify(settings, made.name)
    assert report.verdict is Verdict.FAILED
    assert [finding.subject for finding in report.findings] == [f"{made.name}/{name}"]
    assert [one.state for one in api.backup_list(settings, hashes=True)] == ["damaged"]
    given = replace(settings, target=empty.dsn)
    raised(BackupDamaged, 6, lambda: api.backup_restore(given, made.name), name)


def test_a_truncated_dump_is_found_by_its_size(settings, taken, raised):
    made = taken()
    with (made / "database.dump").open("r+b") as file:
        file.truncate(1000)
    assert "1,000 bytes" in api.backup_list(settings)[0].reason
    raised(BackupDamaged, 6, lambda: api.restore_plan(settings, made.name), "database.dump")


def test_a_dump_that_lacks_rows_is_found_though_its_sums_are_right(
    settings, taken, database, resum
):
    made = taken()
    with database.connect() as session:
        session.execute("delete from public.notes where id = 7")
    other = taken()
    (made / "database.dump").write_bytes((other / "database.dump").read_bytes())
    manifest = json.loads((made / "manifest.json").read_text())
    manifest["files"] |= {"database.dump": open_files(other)["database.dump"]}
    (made / "manifest.json").write_text(json.dumps(manifest))
    resum(made)
    report = api.backup_verify(settings, made.name)
    assert report.verdict is Verdict.FAILED
    assert {finding.check for finding in report.findings} == {"rows.count", "rows.digest"}


def open_files(place):
    return json.loads((place / "manifest.json").read_text())["files"]


def test_a_manifest_of_a_newer_format(settings, taken, raised):
    made = taken()
    text = (made / "manifest.json").read_text().replace('"format": 1', '"format": 2')
    (made / "manifest.json").write_text(text)
    for call in (api.backup_verify, api.restore_plan):
        raised(BackupTooNew, 2, lambda call=call: call(settings, made.name), "format 2", "supamig")
    assert api.backup_list(settings)[0].state == "damaged"


def test_a_manifest_of_other_types_is_damage(settings, taken):
    made = taken()
    manifest = json.loads((made / "manifest.json").read_text())
    manifest["files"]["roles.sql"]["bytes"] = "many"
    text = json.dumps(manifest)
    (made / "manifest.json").write_text(text)
    sum_of = hashlib.sha256(text.encode()).hexdigest()
    (made / "SHA256SUMS").write_text(f"{sum_of}  manifest.json\n")
    assert api.backup_list(settings)[0].state == "damaged"
    assert api.backup_verify(settings).verdict is Verdict.FAILED


def test_a_name_that_is_no_time_is_no_backup(settings, taken):
    made = taken()
    (settings.backups_dir / "20269999T999999Z").mkdir()
    assert [one.name for one in api.backup_list(settings)] == [made.name]


def test_an_unknown_name_names_those_there_are(settings, taken, raised):
    raised(UsageError, 2, lambda: api.backup_verify(settings), "no backup", "backup now")
    made = taken()
    for call in (api.backup_verify, api.backup_restore):
        raised(UsageError, 2, lambda call=call: call(settings, "friday"), "`friday`", made.name)


def test_a_target_that_holds_data_is_refused_else_kept_beside(
    settings, taken, database, rows_of, raised, left_on
):
    made = taken()
    with database.connect() as session:
        session.execute("insert into public.notes values (101)")
    raised(TargetNotEmpty, 6, lambda: api.backup_restore(settings, made.name), "public.notes")
    assert rows_of(database) == 101
    report = api.backup_restore(replace(settings, into_nonempty=True), made.name)
    assert report.verdict is Verdict.PASSED
    assert rows_of(database) == 100
    ((parked,),) = left_on(database.server)
    assert parked in report.notes[-1]
    with database.server.connect(parked) as session:
        assert session.execute("select count(*) from public.notes").fetchone() == (101,)
    with database.server.connect() as session:
        session.execute(f"drop database {parked}")


def test_a_restore_that_finds_something_leaves_the_target_alone(
    settings, taken, empty, database, resum, left_on
):
    made = taken()
    manifest = json.loads((made / "manifest.json").read_text())
    manifest["tables"][0]["rows"] += 1
    (made / "manifest.json").write_text(json.dumps(manifest))
    resum(made)
    report = api.backup_restore(replace(settings, target=empty.dsn), made.name)
    assert report.verdict is Verdict.FAILED
    with empty.connect() as session:
        assert session.execute("select to_regclass('public.notes')").fetchone() == (None,)
    assert left_on(empty.server) == []


def test_a_restore_that_is_interrupted_leaves_the_target_as_it_was(
    settings, taken, empty, rows_of, left_on
):
    made = taken()

    def stop(event):
        if event.kind is EventKind.STEP_STARTED and event.step == "restore.names":
            raise KeyboardInterrupt

    given = replace(settings, target=empty.dsn)
    with pytest.raises(KeyboardInterrupt):
        api.backup_restore(given, made.name, observer=stop)
    with empty.connect() as session:
        assert session.execute("select to_regclass('public.notes')").fetchone() == (None,)
    assert left_on(empty.server) == []
    report = api.backup_restore(given, made.name)
    assert report.verdict is Verdict.PASSED
    assert rows_of(empty) == 100
    # the database that was backed up is still there, and has its name
    assert "were left out" in report.notes[-1]


def test_what_a_killed_trial_left_goes_with_the_next(settings, taken, database, left_on):
    made = taken()
    with database.server.connect() as session:
        session.execute("create database supamig_scratch_left")
        session.execute(f"comment on database supamig_scratch_left is '{scratch.MARK}'")
        session.execute("create role left_behind")
        session.execute(f"comment on role left_behind is '{scratch.MARK}'")
    assert api.backup_verify(settings, made.name).verdict is Verdict.PASSED
    assert left_on(database.server) == []


def test_files_do_not_go_between_others(settings, taken, empty, tmp_path, raised):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "one").write_text("1")
    given = replace(settings, backup=BackupSettings(files=tmp_path / "files"))
    name = api.backup_now(given).backup.name
    given = replace(given, target=empty.dsn)
    raised(Refused, 6, lambda: api.backup_restore(given, name), "holds files", "--files")


def test_tools_that_are_too_old(settings, taken, resum, raised):
    made = taken()
    text = (made / "manifest.json").read_text()
    major = open_backup(made).pg_dump
    (made / "manifest.json").write_text(text.replace(f'"{major}"', '"99.1"'))
    resum(made)
    raised(ToolTooOld, 6, lambda: api.backup_verify(settings, made.name), "99")


def test_a_server_without_superuser_rights(settings, taken, sample_pair, owner_of, raised):
    made = taken()
    given = replace(settings, backup=BackupSettings(scratch=owner_of(sample_pair[0])))
    raised(Refused, 6, lambda: api.backup_verify(given, made.name), "postgres", "supabase_admin")


def test_a_server_that_is_older_than_the_backup(settings, taken, raised, resum):
    made = taken()
    with (made / "inventory.json").open() as file:
        head, rest = file.readline(), file.read()
    version = open_backup(made).inventory.server.version_num
    head = head.replace(f'"version_num": {version}', '"version_num": 990000')
    (made / "inventory.json").write_text(head + rest)
    manifest = json.loads((made / "manifest.json").read_text())
    content = (made / "inventory.json").read_bytes()
    manifest["files"]["inventory.json"] = {
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    (made / "manifest.json").write_text(json.dumps(manifest))
    resum(made)
    raised(TargetOlder, 6, lambda: api.backup_verify(settings, made.name), "Postgres 99")


def test_a_disk_that_keeps_no_attributes(settings, empty, tmp_path, raised, monkeypatch, left_on):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "one").write_text("1")
    os.setxattr(tmp_path / "files" / "one", "user.supabase.content-type", b"text/plain")
    given = replace(settings, backup=BackupSettings(files=tmp_path / "files"))
    name = api.backup_now(given).backup.name

    def refuse(*_arguments):
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(os, "setxattr", refuse)
    restored = BackupSettings(files=tmp_path / "restored")
    given = replace(given, target=empty.dsn, backup=restored)
    raised(Refused, 6, lambda: api.backup_restore(given, name), "extended attributes", "--files")
    with empty.connect() as session:
        assert session.execute("select to_regclass('public.notes')").fetchone() == (None,)
    assert left_on(empty.server) == []
