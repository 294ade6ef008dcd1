"""References to secrets, and what their errors say and do not say."""

from __future__ import annotations

import os
import shlex
import sys
import time

import pytest

from supamig import secret as module
from supamig.errors import ConfigError
from supamig.secret import Secret, resolve

PYTHON = shlex.quote(sys.executable)


def failure(reference, **options):
    options.setdefault("environ", os.environ)
    with pytest.raises(ConfigError) as error:
        resolve(reference, **options)
    assert error.value.hint
    return error.value.message


def test_env():
    assert resolve("env:DSN", environ={"DSN": "x y"}) == Secret("x y")
    assert "`env:DSN` names an environment variable that is not set" in failure(
        "env:DSN", environ={}
    )
    assert "is empty" in failure("env:DSN", environ={"DSN": ""})


def test_env_with_a_password_in_the_place_of_a_name_does_not_repeat_it():
    assert "hunter2" not in failure("env:hunter2!x", environ={})


@pytest.mark.parametrize(
    ("content", "secret"),
    [(b"hunter2", "hunter2"), (b"hunter2\n", "hunter2"), (b"hunter2\r\n", "hunter2"),
     (b"two\nlines\n\n", "two\nlines\n"), (b" x ", " x "), ("ä€".encode(), "ä€")],
)  # fmt: skip
def test_file(tmp_path, content, secret):
    path = tmp_path / "a secret"
    path.write_bytes(content)
    assert resolve(f"file:{path}", environ={}).reveal() == secret


def test_file_in_the_home_directory(tmp_path):
    (tmp_path / "dsn").write_text("hunter2\n")
    assert resolve("file:~/dsn", environ={"HOME": str(tmp_path)}) == Secret("hunter2")


@pytest.mark.parametrize(
    ("content", "said"), [(None, "No such file"), (b"", "is empty"), (b"\n", "is empty"),
                          (b"\xff\xfehunter2", "not a text file"), (b"x" * 1_000_001, "too large")]
)  # fmt: skip
def test_file_that_cannot_be_read(tmp_path, content, said):
    path = tmp_path / "dsn"
    if content is not None:
        path.write_bytes(content)
    message = failure(f"file:{path}")
    assert said in message
    assert "hunter2" not in message


def test_file_that_is_a_device_or_directory(tmp_path):
    assert "Is a directory" in failure(f"file:{tmp_path}")
    assert "too large" in failure("file:/dev/zero")


def test_cmd_splits_as_a_shell_and_is_none():
    assert resolve(
        f"cmd:{PYTHON} -c 'import sys; print(sys.argv[1:])' 'a b' $HOME '*'", environ=os.environ
    ).reveal() == str(["a b", "$HOME", "*"])


def test_cmd_has_the_given_environment_and_no_input():
    command = f"cmd:{PYTHON} -c 'import os, sys; print(os.environ[\"X\"] + sys.stdin.read())'"
    assert resolve(command, environ={"X": "hunter2"}) == Secret("hunter2")


def test_cmd_that_fails_shows_its_error_without_secrets():
    code = "import sys; print('hunter2'); sys.exit('hunter2 and swordfish: no, password=sesame')"
    message = failure(f'cmd:{PYTHON} -c "{code}"', environ={"VAULT_TOKEN": "swordfish"})
    assert "status 1" in message
    assert "*** and ***: no, password=***" in message


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("", "holds no command"),
        ("op 'open quote", "a quote is open"),
        ("not-there-at-all --password hunter2", "did not start: No such file"),
        (f"{PYTHON} -c pass", "printed nothing"),
        (f"{PYTHON} -c 'import os; os.write(1, bytes([255, 254]))'", "is not text"),
    ],
)
def test_cmd_that_gives_no_secret(command, said):
    message = failure(f"cmd:{command}")
    assert said in message
    assert "hunter2" not in message


def test_cmd_that_hangs_is_ended_with_its_children(monkeypatch):
    monkeypatch.setattr(module, "COMMAND_SECONDS", 1.0)
    # the grandchild holds the pipe, so waiting for its end would take as long as it does
    code = "import subprocess as s; print('hunter2', flush=True); s.run(['sleep', '50'])"
    began = time.monotonic()
    message = failure(f'cmd:{PYTHON} -c "{code}"')
    assert time.monotonic() - began < 10
    assert "did not end within 1 s" in message
    assert "hunter2" not in message


def test_other_schemes_go_elsewhere():
    asked = []

    def elsewhere(reference):
        asked.append(reference)
        return Secret("from a plugin") if reference.startswith("vault:") else None

    assert resolve("vault:prod/db", environ={}, elsewhere=elsewhere) == Secret("from a plugin")
    for password in ("hunter2", "hunter2:x", "", "ENV:hunter2"):
        assert "hunter2" not in failure(password, elsewhere=elsewhere)
    assert asked == ["vault:prod/db", "hunter2", "hunter2:x", "", "ENV:hunter2"]
