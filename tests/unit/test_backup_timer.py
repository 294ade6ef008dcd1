"""The units of systemd that take backups: as they were looked at, and as systemd reads them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from supamig.backup.timer import units

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "systemd"


def test_they_are_as_they_were_looked_at():
    assert units(2) == {one.name: one.read_text() for one in GOLDEN.iterdir()}
    assert "OnCalendar=*-*-* 23:00:00 UTC" in units(23)["supamig-backup.timer"]


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd is not on this machine"
)
def test_systemd_understands_them(tmp_path):
    for name, text in units(2).items():
        # the program itself need not be on this machine
        (tmp_path / name).write_text(text.replace("/usr/local/bin/supamig", "/bin/true"))
    paths = [str(tmp_path / name) for name in units(2)]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *paths],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "supamig-backup" not in done.stderr, done.stderr
