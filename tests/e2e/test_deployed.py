"""What stands after one `pulumi up` of the committed config: every test leaves it as it was."""

from __future__ import annotations

import pytest

from supamig.preview import markdown, read_preview
from supamig.testing.engine.digitalocean import FIREWALL
from supamig.testing.engine.digitalocean import VOLUME as DISK
from supamig.testing.engine.docker import CONTAINER, NETWORK, VOLUME

pytestmark = [pytest.mark.pulumi, pytest.mark.timeout(300)]

LOCAL = {"host": "unix:///var/run/docker.sock", "check": False}
MAX_ROWS = "supamig:deployment.rest.max_rows"


@pytest.fixture(scope="module")
def secrets(secrets_of_prod):
    return secrets_of_prod


@pytest.fixture(scope="module")
def deployed(pulumi_cli, root, secrets, tmp_path_factory):
    """The project after its first `up`, and what that said."""
    from supamig.testing.engine.project import Project

    directory = tmp_path_factory.mktemp("deployed")
    (directory / "project").mkdir()
    lines = [f"{name}='{value}'\n" for name, value in secrets.items()]
    (directory / "project" / ".env.deployment").write_text("".join(lines))
    with Project(
        program=pulumi_cli,
        source=root,
        directory=directory,
        config={"docker": LOCAL, "gate": False, "migration": None},
    ) as stack:
        first = stack.up()
        assert first.code == 0, first.text
        yield stack, first


def test_up_makes_everything_in_the_order_of_needs(deployed):
    stack, _ = deployed
    assert len(stack.docker.names(CONTAINER)) == 15
    assert stack.docker.names(NETWORK) == ["supabase_default"]
    assert len(stack.digitalocean.names(FIREWALL)) == 1
    order = [
        name for verb, kind, name in stack.docker.calls if (verb, kind) == ("create", CONTAINER)
    ]
    assert order.index("db") < order.index("auth")
    assert order.index("rest") < order.index("storage")
    assert order.index("db") < order.index("backups")


def test_a_second_up_changes_nothing(deployed):
    stack, _ = deployed
    before = len(stack.docker.calls)
    again = stack.up("--expect-no-changes")
    assert again.code == 0, again.text
    assert {verb for verb, _, _ in stack.docker.calls[before:]} <= {"invoke"}


def test_a_changed_setting_restarts_only_whom_it_concerns(deployed, secrets):
    stack, first = deployed
    stack.run("config", "set", "--path", MAX_ROWS, "500", check=True)
    try:
        shown = stack.preview("--json")
        said = first.text + shown.text + stack.preview("--diff").text
    finally:
        stack.run("config", "rm", "--path", MAX_ROWS, check=True)
    steps = {step["urn"].split("::")[-1]: step["op"] for step in shown.json()["steps"]}
    assert {name for name, op in steps.items() if op != "same"} == {"rest", "studio"}
    preview = read_preview(shown.stdout)
    assert preview.is_fine
    assert {one.name for one in preview.changes if one.restarts} == {"rest", "studio"}
    assert "| rest | envs |" in markdown(preview)
    assert [name for name, value in secrets.items() if value in said] == []


def test_no_secret_is_in_the_state(deployed, secrets):
    stack, _ = deployed
    files = [path for path in (stack.directory / "state").rglob("*") if path.is_file()]
    stored = b"".join(path.read_bytes() for path in files)
    assert [name for name, value in secrets.items() if value.encode() in stored] == []


def test_what_holds_data_refuses_to_be_destroyed_and_is_taken_up_again(deployed):
    stack, _ = deployed
    lasting = {
        "supabase_db-config",
        *("supabase_caddy-data", "supabase_caddy-config", "supabase_backups"),
    }
    result = stack.run("destroy", "--yes", "--skip-preview", "--stack", "prod", "--color", "never")
    assert result.code != 0
    assert "protected" in result.text
    assert lasting <= set(stack.docker.names(VOLUME))
    assert len(stack.digitalocean.names(DISK)) == 1
    again = stack.up()
    assert again.code == 0, again.text
    assert len(stack.docker.names(CONTAINER)) == 15


def test_a_container_that_somebody_removed_is_drift(deployed):
    stack, _ = deployed
    look = ("refresh", "--stack", "prod", "--preview-only", "--expect-no-changes")
    assert stack.run(*look).code == 0
    del stack.docker.made[CONTAINER, "supabase-rest"]
    result = stack.run(*look, "--color", "never")
    assert result.code != 0
    assert "Container rest delete" in " ".join(result.text.split())
    again = stack.up("--refresh")
    assert again.code == 0, again.text
    assert "supabase-rest" in stack.docker.names(CONTAINER)
