"""The check that an application finds on the target what it asks for."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from supamig.config import Settings
from supamig.errors import ConfigError
from supamig.models import Severity
from supamig.protocols import CheckContext
from supamig.scanning.stored import objects_of
from supamig.sides import Live, Memory
from supamig.validators.application import supamig_validators

pytestmark = [pytest.mark.pg, pytest.mark.timeout(120)]

BASE = runpy.run_path(Path(__file__).with_name("small_databases.py"))
servers, sides = BASE["servers"], BASE["sides"]
SOURCE = """
from supabase import create_client
client = create_client("u", "k")
client.table("here").select("*").execute()
client.table("a_view").select("*").execute()
client.table("gone").select("*").execute()
client.table("elsewhere").select("*").execute()
client.schema("shop").from_("elsewhere").select("*").execute()
client.rpc("here", {}).execute()
client.rpc("gone", {}).execute()
client.storage.from_("kept").list()
client.storage.from_("lost").list()
"""
TARGET = """
create schema shop; create schema storage; create table storage.buckets (name text);
insert into storage.buckets values ('kept');
create table public.here (id int); create view public.a_view as select 1 as one;
create table shop.elsewhere (id int);
create function public.here() returns int language sql as 'select 1'
"""


def found(sides, scan):
    (check,) = supamig_validators(Settings(application_scan=scan))
    source, target = (Live(side, Memory()) for side in sides)
    return [
        (one.subject, one.severity) for one in check.run(CheckContext(source=source, target=target))
    ]


@pytest.fixture
def application(tmp_path):
    (tmp_path / "app.py").write_text(SOURCE)
    return tmp_path


def test_what_the_application_asks_for_must_be_there(sides, application):
    sides[1].execute(TARGET)
    assert found(sides, application) == [
        ("table or view public.elsewhere", Severity.WARNING),
        ("table or view public.gone", Severity.ERROR),
        ("function public.gone", Severity.ERROR),
        ("bucket lost", Severity.ERROR),
    ]


def test_a_saved_scan_is_as_good_as_the_source(sides, application, run_scan):
    sides[1].execute(TARGET)
    saved = application / "scan.json"
    saved.write_text(run_scan(application))
    assert found(sides, saved) == found(sides, application)


@pytest.fixture
def run_scan(capsys):
    from supamig.cli import main

    def call(path):
        assert main(["scan", str(path), "--output", "json"]) == 0
        return capsys.readouterr().out

    return call


def test_no_check_without_a_scan():
    assert supamig_validators(None) == supamig_validators(Settings()) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "scan"}', '{"kind": "plan"}'])
def test_another_file_is_no_scan(text, tmp_path):
    saved = tmp_path / "scan.json"
    saved.write_text(text)
    with pytest.raises(ConfigError, match="is no scan of an application"):
        objects_of(saved)


def test_a_scan_that_is_gone_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"scan.json` cannot be read: no such file"):
        objects_of(tmp_path / "scan.json")
