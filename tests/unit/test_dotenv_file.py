"""The `.env` editor: of any file only the named values change, and every reader agrees on them."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given, settings
from hypothesis import strategies as st

from supamig import dotenv_file
from supamig.dotenv_file import Document, written
from supamig.errors import ConfigError, DotenvUnusable

#: What files are made of: whole bindings, and all that can stand between or break them.
FRAGMENTS = (
    *("A=", "B = ", "export C=", "export\t", "'D'=", "A", "lower.case=", "É="),
    *("old", "new", "'quoted'", '"quoted"', '"two\nlines"', "'it\\'s'", "https://a.b/c?d=e&f"),
    *("\n", "\n", "\n", "\n", "\r\n", "\r\n", "\r", "\n\n"),
    *(
        " ",
        "\t",
        "#",
        " # why",
        "=",
        "'",
        '"',
        "\\",
        "$X",
        "${X}",
        "\u00a0",
        "\u2028",
        "é✓",
        "\ufeff",
    ),
)
FILES = st.builds(
    "{}{}".format,
    st.sampled_from(["", "", "\ufeff"]),
    st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join),
)
VALUES = st.text("aZ09_-./:@?&=%'\"$`\\#~ ", max_size=12)


def outside(document, chosen):
    """Match what differs from a document in the values of the chosen entries only."""
    at, parts = 0, []
    for number in sorted(chosen):
        entry = document.entries[number]
        parts += [re.escape(document.text[at : entry.start]), ".*?"]
        at = entry.end
    return re.compile("".join([*parts, re.escape(document.text[at:])]), re.DOTALL)


@pytest.mark.timeout(300)
@settings(max_examples=1500)
@given(FILES)
def test_every_file_is_read_as_python_dotenv_reads_it_and_written_back_whole(text):
    content = text.encode()
    document = Document.parse(content)
    assert document.content == content
    assert document.edited({}).content == content
    same = {number: entry.value for number, entry in enumerate(document.entries)}
    assert document.edited(same).content == content
    mine = {name: entry.value for name, entry in document.last().items()}
    theirs = dotenv_values(stream=io.StringIO(text), interpolate=False)
    # a name without an equal sign has no value that could be edited
    assert {name: mine.get(name) for name, value in theirs.items() if value is not None} == {
        name: value for name, value in theirs.items() if value is not None
    }
    assert mine.keys() <= theirs.keys()


@pytest.mark.timeout(300)
@settings(max_examples=1500)
@given(FILES, VALUES, st.data())
def test_only_the_named_values_change(text, value, data):
    document = Document.parse(text.encode())
    if not document.entries:
        return
    numbers = st.sets(st.sampled_from(range(len(document.entries))), min_size=1)
    chosen = data.draw(numbers)
    try:
        made = document.edited(dict.fromkeys(chosen, value))
    except ConfigError:
        assert set(value) & set("'\"$\\`") or "'" in text or '"' in text
        return
    except DotenvUnusable:
        assert "'" in text or '"' in text  # a quote that is open takes what follows with it
        return
    after = [value if n in chosen else e.value for n, e in enumerate(document.entries)]
    assert [entry.value for entry in made.entries] == after
    assert outside(document, chosen).fullmatch(made.text)


@settings(max_examples=300)
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_bytes_of_any_encoding_pass_through(before, after):
    content = before + b"\nA=old\n" + after
    try:
        document = Document.parse(content)
    except DotenvUnusable:
        assert b"\0" in content or content[:2] in (b"\xff\xfe", b"\xfe\xff")
        return
    numbers = [n for n, entry in enumerate(document.entries) if entry.value == "old"]
    if numbers and document.entries[numbers[0]].name == "A":
        made = document.edited({numbers[0]: "new"}).content
        assert made == before + b"\nA=new\n" + after


@pytest.mark.parametrize(
    ("text", "value", "after"),
    [
        ("export A=old # why\n", "new", "export A=new # why\n"),
        ("A='old'\r\nB=2\r\n", "new", "A='new'\r\nB=2\r\n"),
        ('\ufeffA = "old"', "new", '\ufeffA = "new"'),
        ("A=old", "a&b", "A='a&b'"),
        ("A=old&1", "a&b", "A=a&b"),
        ('A="old"', 'say "x"', "A='say \"x\"'"),
        ("A='old'", "it's", 'A="it\'s"'),
        ("A=old/$B", "new/$B", "A=new/$B"),
        ("A=old/${B}", "new/${B}", "A=new/${B}"),
        ('A="old ${B:-x}"', "new ${B:-x}", 'A="new ${B:-x}"'),
        ("A='old $B'", "new $B", "A='new $B'"),
        ("A=old/$B", "p$C", "A='p$C'"),
        ("A=`old`", "`new`", "A=`new`"),
        ('A="two\nlines"\n', "one", 'A="one"\n'),
        ("A=\n", "new", "A=new\n"),
        ("A= # why\n", "new", "A=new # why\n"),
        ("A=old\nA=older\n", "new", "A=new\nA=older\n"),
        ("'A'=old\n", "new", "'A'=new\n"),
    ],
)
def test_style_is_kept(text, value, after):
    document = Document.parse(text.encode())
    assert document.edited({0: value}).text == after


def test_a_reference_that_stays_is_not_put_into_other_quotes():
    with pytest.raises(ConfigError, match="the value of `A` cannot be written"):
        written("A", "new $B!", like="old$B")


@pytest.mark.parametrize("value", ["a\\b", "two\nlines", "${HOME}", "'\"", "'$x", "\x07"])
def test_a_value_that_readers_disagree_about_is_refused(value):
    with pytest.raises(ConfigError, match="the value of `A` cannot be written") as raised:
        written("A", value)
    assert value not in raised.value.message


@pytest.mark.skipif(sys.platform != "linux", reason="the wheel of Compose is for Linux")
@pytest.mark.parametrize("style", ["A={}", "A='{}'", 'A="{}"', "export A={} # remark"])
def test_compose_and_a_shell_read_the_same(tmp_path, style):
    program = shutil.which("docker-compose", path=str(Path(sys.executable).parent))
    values = [
        "https://api.example.org:8000/rest?x=1",
        "postgresql://postgres:p%40ss@db.example.org:5432/postgres?sslmode=require&x=y",
        "eyJhbGciOiJIUzI1NiJ9.e30.x-_y",
        "it's",
        "a $dollar and `tick`",
        "# no remark",
    ]
    lines = []
    for number, value in enumerate(values):
        text = style.replace("A", f"V{number}", 1).format("old")
        lines.append(Document.parse(text.encode()).edited({0: value}).text)
    (tmp_path / ".env").write_text("\n".join(lines) + "\n")
    (tmp_path / "compose.yaml").write_text("services:\n  a: {image: x, env_file: .env}\n")
    asked = subprocess.run(
        [program, "config", "--format", "json"],
        cwd=tmp_path, env={"PATH": os.defpath}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    compose = json.loads(asked.stdout)["services"]["a"]["environment"]
    # Compose writes its own dollars twice
    assert [compose[f"V{n}"].replace("$$", "$") for n in range(len(values))] == values
    shell = subprocess.run(
        ["/bin/sh", "-c", 'set -a; . ./.env; exec "$0" -c "$1"', sys.executable,
         "import json, os; print(json.dumps(dict(os.environ)))"],
        cwd=tmp_path, env={}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = json.loads(shell.stdout)
    assert [told[f"V{n}"] for n in range(len(values))] == values


def test_a_file_keeps_its_mode_and_a_link_stays_one(tmp_path):
    real = tmp_path / "real.env"
    real.write_text("A=old\n")
    real.chmod(0o640)
    link = tmp_path / ".env"
    link.symlink_to("real.env")
    place = dotenv_file.find(link)
    dotenv_file.replace(place.real, b"A=new\n")
    assert link.is_symlink()
    assert real.read_bytes() == b"A=new\n"
    assert real.stat().st_mode & 0o7777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == [".env", "real.env"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_keeps_its_owner(tmp_path):
    file = tmp_path / ".env"
    file.write_text("A=old\n")
    os.chown(file, 12345, 54321)
    dotenv_file.replace(file, b"A=new\n")
    assert (file.stat().st_uid, file.stat().st_gid) == (12345, 54321)


def test_files_that_cannot_be_edited_are_told_apart(tmp_path):
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "directory").mkdir()
    (tmp_path / "read-only").write_text("A=1\n")
    (tmp_path / "read-only").chmod(0o444)
    told = {}
    for name in ("missing", "dangling", "circle", "directory", "read-only"):
        with pytest.raises(DotenvUnusable) as raised:
            dotenv_file.find(tmp_path / name)
        assert raised.value.hint
        told[name] = raised.value.message.partition("` ")[2]
    assert told == {
        "missing": "is not there",
        "dangling": "is a link to `nowhere`, which is not there",
        "circle": "cannot be read: its links form a circle",
        "directory": "is no file",
        "read-only": "is read-only",
    }


def test_utf_16_is_refused():
    with pytest.raises(DotenvUnusable, match="`x` is not UTF-8"):
        Document.parse("A=1\n".encode("utf-16"), name="`x`")
