"""From `pulumi preview --json` to a comment, and what no preview may hold."""

from __future__ import annotations

import json

import pytest

from supamig.errors import UsageError
from supamig.preview import CONTAINER, markdown, read_preview

DROPLET = "digitalocean:index/droplet:Droplet"
DISK = "digitalocean:index/volume:Volume"
VOLUME = "docker:index/volume:Volume"


def step(op, kind=CONTAINER, name="rest", reasons=(), **inputs):
    state = {"type": kind, "custom": True, "inputs": inputs}
    return {
        "op": op,
        "urn": f"urn:pulumi:prod::supamig::{kind}::{name}",
        "oldState" if op == "delete" else "newState": state,
        "replaceReasons": list(reasons),
    }


def preview(*steps, diagnostics=(), same=0):
    return json.dumps(
        {"steps": steps, "diagnostics": list(diagnostics), "changeSummary": {"same": same}}
    )


def test_a_restart_is_shown_with_its_reason_and_its_length():
    found = read_preview(
        preview(step("replace", reasons=["envs"], destroyGraceSeconds=60, waitTimeout=180), same=12)
    )
    (change,) = found.changes
    assert (change.verb, change.restarts, change.seconds) == ("replaced", True, 240)
    text = markdown(found)
    assert "1 replaced, 12 unchanged." in text
    assert "| rest | envs | 4 min |" in text
    assert found.is_fine


def test_nothing_to_do_is_said_in_one_line():
    text = markdown(read_preview(preview(same=53)))
    assert text == "### Preview of the deployment\n\nNothing changes.\n"


def test_the_gate_is_shown_first_with_its_hints():
    message = (
        "error: Preview failed: the preflight does not pass:\n  check: `x`\n    hint: do this\n"
    )
    found = read_preview(
        preview(
            diagnostics=[
                {"severity": "error", "message": message},
                {"severity": "error", "message": "error: preview failed\n"},
                {"severity": "warning", "message": "warning: 20 secrets are missing"},
                {"severity": "warning", "message": "warning: 20 secrets are missing"},
            ]
        )
    )
    text = markdown(found)
    assert not found.is_fine
    assert len(found.errors) == 1
    assert text.index("does not get through") < text.index("hint: do this")
    assert text.count("20 secrets are missing") == 1


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (step("replace", DROPLET, "prod"), "would be replaced"),
        (step("delete", DROPLET, "prod"), "would be deleted"),
        (step("delete", DISK, "backups"), "would be deleted"),
        (step("replace", VOLUME, "db-config"), "would be replaced"),
        (step("create", envs=["POSTGRES_PASSWORD=hunter2"]), "`POSTGRES_PASSWORD` of `rest`"),
        (step("create", envs=["JWT_SECRET=x", "PORT=1"]), "`JWT_SECRET` of `rest`"),
        (step("create", command=["--token=hunter2"]), "`command` of `rest`"),
        (step("update", envs=["DATABASE_URL=postgres://a:b@db/x"]), "`DATABASE_URL` of `rest`"),
    ],
)
def test_what_no_preview_may_hold(bad, said):
    found = read_preview(preview(bad))
    assert not found.is_fine
    assert len(found.problems) == 1
    assert said in found.problems[0]
    assert "must not be merged" in markdown(found)
    assert "hunter2" not in markdown(found)


@pytest.mark.parametrize(
    "good",
    [
        step("create", DROPLET, "prod"),
        step("update", DISK, "backups"),
        step(
            *("delete", VOLUME, "deno-cache"),
            labels=[{"label": "supamig.holds-data", "value": "false"}],
        ),
        step("create", envs="[secret]"),
        step("create", envs=["PORT=3000", "PGRST_DB_URI=postgres://db/x"]),
    ],
)
def test_what_is_right_is_let_through(good):
    assert read_preview(preview(good)).is_fine


def test_words_of_others_are_no_markup():
    text = markdown(
        read_preview(
            preview(
                step("create", name="a|b<script>"),
                diagnostics=[{"severity": "error", "message": "```\n<img src=x>\n"}],
            )
        )
    )
    assert r"a\|b\<script\>" in text
    assert "````text" in text


def test_a_failure_without_a_word_is_no_success():
    failed = {"severity": "error", "message": "error: preview failed\n"}
    found = read_preview(preview(step("create"), diagnostics=[failed]))
    assert not found.is_fine
    assert "policies" in markdown(found)


def test_components_and_the_stack_are_not_counted():
    stack = {"op": "create", "urn": "urn:a::b::c", "newState": {"type": "pulumi:pulumi:Stack"}}
    assert read_preview(preview(stack)).changes == ()


@pytest.mark.parametrize(
    "text",
    [
        *("", "error: no stack", "[]", '{"resources": []}'),
        *('{"steps": [{}]}', '{"steps": [1]}', '{"steps": "x"}'),
        '{"steps": [], "diagnostics": [1]}',
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(UsageError) as raised:
        read_preview(text)
    assert "pulumi preview --json" in raised.value.hint


def test_a_line_for_people_after_the_preview_is_left_out():
    assert read_preview(preview() + "\nerror: preview failed\n").is_fine


def test_a_time_that_is_not_known_yet_is_none():
    unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    found = read_preview(preview(step("replace", waitTimeout=unknown, destroyGraceSeconds=60)))
    assert found.changes[0].seconds == 60


def test_a_comment_is_never_longer_than_github_takes():
    said = "\n".join(f"  import.{number}: finding\n    hint: do this" for number in range(9000))
    text = markdown(read_preview(preview(diagnostics=[{"severity": "error", "message": said}])))
    assert len(text) < 65_536
    assert "characters more\n```" in text
