"""Each command: what it asks of the library, what it shows, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from supamig.errors import TargetNotEmpty
from supamig.models import Finding, Severity, Stage, Verdict
from supamig.protocols import Validator

REPORTING = (
    ["doctor"], ["validate"], ["migrate", "--yes"], ["export"], ["import", "saved", "--yes"],
)  # fmt: skip
WRITING = (["migrate"], ["import", "saved"])


@pytest.fixture(autouse=True)
def saved(working_directory):
    (working_directory / "saved").mkdir()


@pytest.mark.parametrize("command", REPORTING, ids=lambda command: command[0])
def test_a_verdict_decides_the_exit_code(run, api, report_of, command):
    ended = run(*command)
    assert ended.code == 0
    assert "PASSED" in ended.out
    assert [name for name, _, _ in api.calls] == [command[0]]
    api.report = report_of(verdict=Verdict.FAILED)
    ended = run(*command)
    assert ended.code == 1
    assert "one row differs" in ended.out
    api.report = report_of(verdict=Verdict.INCOMPLETE)
    assert run(*command).code == 1


def test_options_become_settings(run, api):
    run(
        "migrate", "--yes", "--fresh", "--source", "postgres://u@other/d", "--method", "pg_dump",
        "-j", "3", "--into-nonempty", "--discard-changes",
        "--accept-missing", "auth.a.b", "--accept-missing", "auth.a.c",
        "--select", "core", "--ignore", "core.rights", "--fail-on", "warning",
        "--check-timeout", "7", "--connect-timeout", "2",
        "--plugins-dir", "p", "--baseline", "b.json",
    )  # fmt: skip
    _, settings, more = api.calls[0]
    assert more == {"fresh": True}
    assert settings.source.reveal() == "user=u dbname=d host=other"
    assert (settings.method, settings.jobs) == ("pg_dump", 3)
    assert settings.into_nonempty
    assert settings.discard_changes
    assert settings.accept_missing == ("auth.a.b", "auth.a.c")
    assert (settings.select, settings.ignore) == (("core",), ("core.rights",))
    assert (settings.fail_on, settings.baseline) == (Severity.WARNING, Path("b.json"))
    assert (settings.check_timeout, settings.connect_timeout) == (7.0, 2.0)
    assert settings.plugins_dirs == (Path("p"),)


def test_an_option_that_is_not_given_leaves_the_file_alone(run, api):
    Path("supamig.toml").write_text(
        "[import]\ninto_nonempty = true\naccept_missing = ['a.b.c']\n[checks]\nselect = ['core']"
    )
    run("migrate", "--yes")
    _, settings, _ = api.calls[0]
    assert settings.into_nonempty
    assert (settings.accept_missing, settings.select) == (("a.b.c",), ("core",))


def test_another_settings_file_before_or_after_the_command(run, api):
    Path("own.toml").write_text("[export]\njobs = 9")
    run("--config", "own.toml", "doctor")
    run("doctor", "--config", "own.toml")
    assert [settings.jobs for _, settings, _ in api.calls] == [9, 9]
    ended = run("doctor", "--config", "gone.toml")
    assert ended.code == 2
    assert "`gone.toml` cannot be read" in ended.err


@pytest.mark.parametrize("command", REPORTING, ids=lambda command: command[0])
def test_report_files_in_every_form(run, api, command):
    ended = run(*command, "-o", "v.json", "--junit", "v.xml", "--html", "deep/v.html")
    assert ended.code == 0
    assert json.loads(Path("v.json").read_text())["run_id"] == "run-1"
    assert Path("v.xml").read_text().startswith("<?xml")
    assert "<html" in Path("deep/v.html").read_text()


def test_a_report_that_cannot_be_written_is_refused_before_the_work(run, api):
    ended = run("migrate", "--yes", "--html", ".")
    assert ended.code == 2
    assert api.calls == []


def test_export_says_where_the_bundle_is(run, api):
    assert run("export").out.splitlines()[-1] == "backups/made"
    assert json.loads(run("export", "--output", "json").out)["bundle"] == "backups/made"
    run("export", "--dir", "mine")
    assert api.calls[-1][1].output_dir == Path("mine")


def test_import_takes_the_bundle(run, api):
    run("import", "saved", "--yes")
    _, settings, more = api.calls[0]
    assert more == {"bundle": Path("saved")}
    assert (settings.source, settings.source_bundle) == (None, Path("saved"))
    ended = run("import", "gone", "--yes")
    assert ended.code == 2
    assert "there is no bundle at `gone`" in ended.err


def test_validate_against_a_bundle(run, api):
    run("validate", "--source", "bundle:saved")
    assert api.calls[0][1].source_bundle == Path("saved")
    ended = run("validate", "--source", "bundle:gone")
    assert ended.code == 2
    assert "there is no bundle at `gone`" in ended.err


# -- consent ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", WRITING, ids=lambda command: command[0])
def test_without_a_terminal_and_without_yes_nothing_happens(run, api, command):
    ended = run(*command)
    assert ended.code == 8
    assert "t.example:5432/b" in ended.err
    assert "hint: Pass `--yes`" in ended.err
    assert api.calls == []


@pytest.mark.parametrize("command", [*WRITING, ["export"]], ids=lambda command: command[0])
def test_a_dry_run_shows_the_plan_and_does_nothing(run, api, command):
    ended = run(*command, "--dry-run")
    assert ended.code == 0
    assert "Copy [/rows]" in ended.out
    assert [name for name, _, _ in api.calls] == ["plan"]
    shown = json.loads(run(*command, "--dry-run", "--output", "json").out)
    assert shown["steps"][0]["id"] == "rows"


def test_a_dry_run_says_what_is_planned(run, api):
    run("migrate", "--dry-run", "--fresh")
    run("import", "saved", "--dry-run")
    run("export", "--dry-run")
    assert [more for _, _, more in api.calls] == [{"fresh": True}, {"bundle": Path("saved")}, {}]
    assert api.calls[-1][1].target is None
    api.is_done = True
    assert run("migrate", "--dry-run").out == "no step is left to do\n"


def test_a_plan_with_errors_ends_with_findings(run, api):
    api.findings = (
        Finding(check="plan.lost", severity=Severity.ERROR, message="a column", hint="accept it"),
    )
    ended = run("migrate", "--dry-run")
    assert ended.code == 1
    assert "error: a column" in ended.out
    assert "hint: accept it" in ended.out


# -- lists -----------------------------------------------------------------------------------------


def test_checks_are_listed(run, api):
    api.made = [
        Validator(id="acme.cron-jobs", title="Jobs [/x] are the same", run=list, needs=("source",))
    ]
    ended = run("checks", "--select", "acme", sides=False)
    assert (ended.code, api.calls[0][1].select) == (0, ("acme",))
    assert "acme.cron-jobs" in ended.out
    assert "Jobs [/x] are the same" in ended.out
    assert json.loads(run("checks", "--output", "json").out) == [
        {
            "id": "acme.cron-jobs",
            "title": "Jobs [/x] are the same",
            "stage": Stage.VERIFY,
            "timeout": 600.0,
            "needs": ["source"],
            "docs": "",
        }
    ]


def test_plugins_are_listed(run, api):
    from supamig.plugins import PluginRecord, PluginStatus

    api.made = [
        PluginRecord(
            name="acme",
            version="1.0",
            origin="acme.py",
            hooks=("supamig_validators",),
            status=PluginStatus.LOADED,
        )
    ]
    ended = run("plugins", sides=False)
    assert ended.code == 0
    assert "acme.py" in ended.out
    assert json.loads(run("plugins", "--output", "json").out)[0]["hooks"] == ["supamig_validators"]


def test_status_shows_the_runs(run, api):
    from supamig.journal import RunStatus

    ended = run("status", sides=False)
    assert (ended.code, ended.out) == (0, "")
    assert "no run is noted in `.supamig`" in ended.err
    api.made = [
        RunStatus(
            run_id="run-1",
            command="migrate",
            method="stream",
            started_at="",
            source_id="1/1",
            target_id="2/2",
            source="s/a",
            target="t/b",
            state="unfinished",
            verdict="",
            steps_done=("schema", "rows"),
            steps=9,
            path="p",
        )
    ]
    assert "2/9" in run("status").out
    assert json.loads(run("status", "--output", "json").out)[0]["state"] == "unfinished"


# -- saved reports ---------------------------------------------------------------------------------


def test_a_saved_report_is_shown_and_written_again(run, api, report_of):
    api.report = report_of(verdict=Verdict.FAILED)
    run("validate", "-o", "saved.json")
    ended = run("report", "saved.json", "--html", "out.html", sides=False)
    assert ended.code == 1
    assert "one row differs" in ended.out
    assert "one row differs" in Path("out.html").read_text()


@pytest.mark.parametrize("content", [b"{}", b"[", b"\xff", None])
def test_a_file_that_is_no_report(run, content):
    if content is not None:
        Path("saved.json").write_bytes(content)
    ended = run("report", "saved.json", sides=False)
    assert ended.code == 2
    assert ended.err.startswith("error: ")


# -- errors ----------------------------------------------------------------------------------------


def test_an_error_says_what_and_what_next(run, api):
    api.raises = TargetNotEmpty("`public.orders` has 1,204 rows", hint="Pass `--into-nonempty`")
    ended = run("migrate", "--yes", "-q")
    assert ended.code == 6
    assert ended.err == "error: `public.orders` has 1,204 rows\n\nhint: Pass `--into-nonempty`\n"
    told = json.loads(run("migrate", "--yes", "--output", "json").out)
    assert told["code"] == "target-not-empty"
    assert told["hint"] == "Pass `--into-nonempty`"


def test_what_a_server_says_cannot_act_on_the_terminal(run, api):
    api.raises = TargetNotEmpty("refused\n\tby \x1b[2J")
    assert run("migrate", "--yes", "-q").err == "error: refused\n by ␛[2J\n"


def test_a_row_of_a_list_is_one_line_in_a_pipe(run, api):
    titled = [Validator(id=f"acme.check-{n}", title="very long " * 40, run=list) for n in range(3)]
    api.made = titled
    assert len(run("checks").out.splitlines()) == 1 + len(titled)


def test_a_bug_says_where_to_report_it(run, api):
    api.raises = ZeroDivisionError("no")
    ended = run("doctor")
    assert ended.code == 70
    assert "bug in supamig: ZeroDivisionError: no" in ended.err
    assert "Traceback" not in ended.err
    assert "Traceback" in run("doctor", "--debug").err
    assert "Traceback" in run("doctor", environ={"SUPAMIG_DEBUG": "1"}).err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["migrat"], "there is no command `migrat`"),
        (["doctor", "--fail-on", "x"], "invalid value for '--fail-on'"),
        (["doctor", "extra"], "unexpected extra argument"),
        (["import"], "missing argument 'bundle'"),
        (["migrate", "--jobs", "many"], "`--jobs` must be a whole number"),
        (["migrate", "--yes", "--discard-changes"], "goes with `--fresh`"),
    ],
)
def test_wrong_usage(run, api, arguments, message):
    ended = run(*arguments)
    assert ended.code == 2
    assert ended.err.startswith("error: ")
    assert message in ended.err.lower()
    assert "hint: " in ended.err or "must be" in ended.err


@pytest.mark.parametrize(
    ("command", "names"),
    [
        (["migrate", "--yes"], ["SUPAMIG_SOURCE_DSN", "SUPABASE_PROJECT_REF"]),
        (["export"], ["SUPAMIG_SOURCE_DSN", "SUPABASE_DB_PASSWORD"]),
        (["import", "saved", "--yes"], ["SUPAMIG_TARGET_DSN"]),
    ],
)
def test_a_missing_side_names_the_settings(run, api, command, names):
    ended = run(*command, sides=False)
    assert ended.code == 2
    assert all(name in ended.err for name in names)
    assert api.calls == []


def test_version_and_help(run):
    assert run("--version").out.startswith("supamig ")
    ended = run("--help")
    assert ended.code == 0
    assert all(name in ended.out for name in ("demo", "doctor", "migrate", "import", "status"))
    assert run().code == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_preview_may_be_in_the_encoding_of_a_shell(run, working_directory, encoding):
    path = working_directory / "preview.json"
    path.write_bytes('{"steps": []}'.encode(encoding))
    ended = run("preview-summary", path)
    assert ended.code == 0
    assert "Nothing changes." in ended.out
    path.write_bytes(b"\x80{")
    ended = run("preview-summary", path)
    assert ended.code == 2
    assert "this is no preview of Pulumi" in ended.err
