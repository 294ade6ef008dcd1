"""`supamig scan` as people and programs call it."""

from __future__ import annotations

import json

import pytest

SOURCE = """\
from supabase import create_client

client = create_client("https://abcdefghijklmnopqrst.supabase.co", KEY)
client.table("items").select("*").execute()
client.storage.from_("files").list()
"""
SECRET = "sb_secret_0123456789abcdefghijklmnop"


@pytest.fixture
def application(working_directory):
    folder = working_directory / "application"
    folder.mkdir()
    (folder / "app.py").write_text(SOURCE)
    return folder


def test_the_table_says_what_is_used_where_and_how_often(run, application):
    ended = run("scan", "application", sides=False)
    assert ended.code == 0
    rows = [line.split() for line in ended.out.splitlines()]
    assert rows[0] == ["Feature", "Used", "Where", "Calls"]
    assert ["PostgREST", "yes", "app.py:4", "1"] in rows
    assert ["Storage", "yes", "app.py:5", "1"] in rows
    assert ["Realtime", "no"] in rows
    assert "Tables: items" in ended.out
    assert "Services that nothing here needs: imgproxy, realtime, functions" in ended.out
    assert (
        "application/app.py` line 3 names `https://abcdefghijklmnopqrst.supabase.co`" in ended.out
    )
    assert ended.err == "1 files, 1 of them parsed, 0 ignored\n"


def test_evidence_lists_every_call(run, application):
    shown = run("scan", "--evidence", "application", sides=False).out
    assert "application/app.py:4: postgrest: table('items').select()\n" in shown


def test_json_is_for_the_plan_and_the_deployment(run, application):
    ended = run("scan", "application", "--output", "json", sides=False)
    told = json.loads(ended.out)
    assert told["kind"] == "scan"
    assert told["leave_out"] == ["imgproxy", "realtime", "functions"]
    assert told["tables"] == [{"schema": "", "name": "items"}]
    assert told["buckets"] == ["files"]
    assert told["project_refs"] == ["abcdefghijklmnopqrst"]
    assert {one["feature"]: one["used"] for one in told["features"]}["auth"] == "no"
    assert told["uses"][1] == {
        "path": "application/app.py",
        "line": 4,
        "feature": "postgrest",
        "call": "table('items').select()",
        "subject": "table",
        "name": "items",
        "schema": "",
        "inferred": False,
    }
    assert run("scan", "application", "--output", "ndjson", sides=False).out.count("\n") == 1


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_key_in_the_source_is_an_error_and_not_shown(form, run, application):
    (application / "settings.py").write_text(f"# the old one: {SECRET}\n")
    ended = run("scan", "application", "--output", form, sides=False)
    assert ended.code == 1
    assert "settings.py` line 1 holds a secret key" in ended.out
    assert SECRET not in ended.out + ended.err


def test_paths_of_the_settings_are_relative_to_their_file(run, application, working_directory):
    (working_directory / "supamig.toml").write_text('[application]\npaths = ["application"]\n')
    assert "Tables: items" in run("scan", sides=False).out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((), "no application is given"), (("gone",), "`gone` cannot be scanned: No such file")],
)
def test_what_cannot_be_scanned_is_a_mistake(arguments, message, run):
    ended = run("scan", *arguments, sides=False)
    assert ended.code == 2
    assert f"error: {message}" in ended.err
    assert "hint: " in ended.err
