"""The gate asks what `supamig doctor` asks, and says what it says."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from infra.config import read_config
from infra.moving import Move, PreflightFailed, read_move
from supamig import api
from supamig.config import Settings
from supamig.secret import Secret

SMALL = {
    "supamig:droplet": '{"name": "one"}',
    "supamig:docker": '{"host": "unix:///var/run/docker.sock"}',
    "supamig:deployment": '{"ports": {"database": 54322}}',
    "supamig:migration": "{}",
}


@pytest.fixture
def nobody():
    """The connection string of a port on which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield Secret(f"postgresql://me:pass-of-me@127.0.0.1:{held.getsockname()[1]}/postgres")


@pytest.fixture
def settings(nobody, tmp_path):
    return Settings(source=nobody, target=nobody, state_dir=tmp_path)


def test_both_edges_find_the_same(settings):
    with pytest.raises(PreflightFailed) as raised:
        Move(settings=settings, makes_target=False).preflight()
    findings = api.doctor(settings).findings
    assert len(findings) == 2
    for finding in findings:
        assert finding.check in str(raised.value)
        assert finding.message in str(raised.value)
        assert f"hint: {finding.hint}" in str(raised.value)


def test_a_target_that_is_still_to_be_made_is_not_missed(settings):
    with pytest.raises(PreflightFailed) as raised:
        Move(settings=settings, makes_target=True).preflight()
    assert "preflight.source-reachable" in str(raised.value)
    assert "preflight.target-reachable" not in str(raised.value)


def test_no_message_holds_a_password(settings):
    with pytest.raises(PreflightFailed) as raised:
        Move(settings=settings, makes_target=False).migrate(lambda _: None)
    assert "pass-of-me" not in str(raised.value)


def test_a_drill_without_a_backup_fails_and_leaves_nothing(settings):
    places = []
    with pytest.raises(PreflightFailed, match="the backup could not be restored"):
        Move(settings=settings, makes_target=True).drill(places.append)
    assert [place.exists() for place in places] == [False]


def test_a_gate_without_sides_says_so(tmp_path):
    with pytest.raises(PreflightFailed, match="no source is given"):
        Move(settings=Settings(state_dir=tmp_path), makes_target=False).preflight()


def test_the_digest_tells_moves_apart_and_no_secret(settings, nobody):
    def digest(**changes):
        return Move(settings=replace(settings, **changes), makes_target=True).digest()

    other = nobody.reveal()
    assert digest() == digest(source=Secret(other.replace("pass-of-me", "another")))
    assert digest() != digest(source=Secret(other.replace("/postgres", "/template1")))
    assert digest() != digest(method="pg_dump")
    assert digest() != digest(ignore=("rows",))
    assert digest() == digest(jobs=1)


def test_the_target_is_the_database_that_the_stack_makes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = read_config(SMALL, root=tmp_path)
    move = read_move(settings, tmp_path, {"POSTGRES_PASSWORD": "a/b@c"})
    assert move.settings.target.reveal() == (
        "postgresql://supabase_admin:a%2Fb%40c@127.0.0.1:54322/postgres"
    )
    assert move.makes_target
    assert not move.has_source


def test_a_given_target_is_kept(tmp_path, monkeypatch, nobody):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPAMIG_TARGET_DSN", nobody.reveal())
    move = read_move(read_config(SMALL, root=tmp_path), tmp_path, {"POSTGRES_PASSWORD": "x"})
    assert "pass-of-me" in move.settings.target.reveal()


@pytest.mark.pg
def test_without_a_target_the_programs_are_looked_for_all_the_same(pg_pair, nobody, tmp_path):
    source, _ = pg_pair
    settings = Settings(source=source.dsn(), target=nobody, pg_bin=tmp_path, state_dir=tmp_path)
    with pytest.raises(PreflightFailed, match="pg_dump"):
        Move(settings=settings, makes_target=True).preflight()
    move = Move(settings=replace(settings, pg_bin=None), makes_target=True)
    move.preflight(disk_gb=160)
    assert move.source_size() > 0


@pytest.mark.pg
def test_a_disk_that_is_too_small_for_the_database_is_named_with_the_arithmetic(
    pg_pair, nobody, tmp_path
):
    settings = Settings(source=pg_pair[0].dsn(), target=nobody, state_dir=tmp_path)
    with pytest.raises(PreflightFailed) as raised:
        Move(settings=settings, makes_target=True).preflight(disk_gb=20)
    said = str(raised.value)
    assert "the droplet's disk has 20 GB, and 23 GB are needed" in said
    assert "18 GB of images and system" in said
    assert "hint: resize the droplet" in said
