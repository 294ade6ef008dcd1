"""`supamig keys` and odd files of secrets: links, pipes, line ends, lines that say nothing.

What a file means to hold is never made anew behind its back.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from supamig.cli import main

USUAL = Path(".env.deployment")
OFF_THE_CURVE = (
    '[{"kty":"EC","kid":"a","crv":"P-256","x":"AA","y":"AA","d":"AA","key_ops":["sign"]}]'
)


pytestmark = pytest.mark.usefixtures("working_directory")


@pytest.fixture
def run(capfd):
    def run(*arguments):
        code = main(("keys", *arguments))
        out, err = capfd.readouterr()
        return code, out, err

    return run


def hold(content, path=USUAL):
    path.touch(mode=0o600)
    path.write_bytes(content)


@pytest.mark.parametrize(
    "line", ["JWT_SECRET: abc", "JWT_SECRET", 'JWT_SECRET="abc" def', 'OTHER="abc']
)
def test_a_line_that_says_nothing_is_not_made_anew(run, line):
    hold(f"# mine\n{line}\n".encode())
    for command in ("new", "check"):
        code, out, err = run(command)
        assert (code, out) == (2, "")
        assert err.startswith("error: line 2 of `.env.deployment` is no NAME=VALUE\n\nhint: ")
        assert "abc" not in err
    assert USUAL.read_bytes() == f"# mine\n{line}\n".encode()


def test_line_ends_stay(run):
    hold(b"# mine\r\nOTHER='kept as it is'\r\n")
    assert run("new")[0] == 0
    assert USUAL.read_bytes().startswith(b"# mine\r\nOTHER='kept as it is'\r\n")
    assert run("check")[0] == 0


@pytest.mark.parametrize("is_there", [True, False])
def test_the_file_behind_a_link_is_written(run, is_there):
    real = Path("elsewhere") / "secrets"
    real.parent.mkdir()
    if is_there:
        hold(b"OTHER=1234567\n", real)
    USUAL.symlink_to(real)
    assert run("new")[0] == 0
    assert USUAL.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o600
    assert [one.name for one in real.parent.iterdir()] == ["secrets"]
    assert run("check")[0] == 0


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_refused_at_once(run, make):
    make(USUAL)
    for command in ("new", "check"):
        code, out, err = run(command)
        assert (code, out) == (2, "")
        assert "`.env.deployment` is no file\n\nhint: " in err


def test_a_file_that_cannot_be_written_says_what_to_do(run):
    Path("file").touch()
    code, out, err = run("new", "--file", "file/secrets")
    assert (code, out) == (2, "")
    assert "`file/secrets` cannot be written: " in err
    assert "hint: " in err


def test_a_short_secret_is_refused_in_our_own_words(run, monkeypatch):
    monkeypatch.setenv("SHORT", "seven77")
    code, out, err = run("new", "--jwt-secret", "env:SHORT")
    assert (code, out) == (2, "")
    assert err.startswith("error: `JWT_SECRET` must have 32 characters or more, not 7\n")
    assert not USUAL.exists()


def test_a_pair_that_is_no_key_is_refused(run):
    hold(f"JWT_KEYS='{OFF_THE_CURVE}'\n".encode())
    code, _, err = run("new")
    assert code == 2
    assert "the pair of `JWT_KEYS` that signs is no key" in err
    assert "--rotate JWT_KEYS" in err


@pytest.mark.parametrize(
    "content",
    [
        b"\xff",
        b"{",
        b"[]",
        b'{"keys": [{"kty": "oct", "k": "x"}]}',
        b'{"keys": [{"kty": "EC"}]}',
        b'{"keys": [{"kty": "EC", "kid": [1], "crv": "P-256", "x": "s", "y": "s"}]}',
        b'{"keys": [{"kty": "EC", "crv": "P-256", "x": 1, "y": 2}]}',
    ],
)
def test_only_public_keys_are_trusted(run, content):
    Path("keys.json").write_bytes(content)
    code, out, err = run("new", "--trust", "keys.json")
    assert (code, out) == (2, "")
    assert err.startswith("error: `keys.json`")
    assert "hint: Name a saved " in err
    assert not USUAL.exists()
