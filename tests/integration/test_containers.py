"""A move into a server that is not of this machine's making: the deployment's image of Postgres."""

from __future__ import annotations

import pytest

from supamig import api
from supamig.config import Settings

pytestmark = [pytest.mark.docker, pytest.mark.pg, pytest.mark.timeout(300)]

#: What an image of another release than the source's, with a locale of its own, is warned of.
TOLD_APART = {"preflight.encoding", "server.settings"}


def test_a_project_moves_into_the_image_of_the_deployment(source, container, owner_of, tmp_path):
    settings = Settings(
        source=owner_of(source), target=container.dsn(), state_dir=tmp_path / "runs"
    )
    report = api.migrate(settings)
    assert {check.id for check in report.checks if check.outcome == "failed"} <= TOLD_APART
    assert report.verdict == "passed"
    with container.connect() as session:
        assert session.execute("select count(*) from auth.users").fetchone() == (6,)
        assert session.execute("show server_version").fetchone()[0].startswith("17.")
