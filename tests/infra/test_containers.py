"""How a service is said in the words of the Docker provider."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (5, "5s"), (59, "59s"), (60, "1m0s"), (150, "2m30s"), (3600, "1h0m0s")],
)
def test_times_are_written_as_the_provider_reads_them_back(seconds, text):
    from infra.components.containers import duration

    assert duration(seconds) == text


def test_no_host_is_accepted_without_a_pinned_key():
    from infra.components.engine import ssh_options

    options = " ".join(ssh_options(None))
    assert "StrictHostKeyChecking=yes" in options
    assert "KnownHostsFile=none" in options
    assert "KnownHostsCommand" not in options
