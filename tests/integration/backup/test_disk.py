"""A disk without room: no half backup, and all the older ones."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from supamig import api

ROOT = Path(__file__).resolve().parents[3]
pytestmark = [pytest.mark.pg, pytest.mark.timeout(300)]


def test_a_full_disk_leaves_no_half_backup(settings, database, taken):
    made = taken()
    with database.connect() as session:
        session.execute("create table wide as select md5(g::text) from generate_series(1, 90000) g")

    def limit():
        # a write beyond it fails as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    command = [sys.executable, "-m", "supamig", "backup", "now", "--dir", settings.backups_dir]
    environment = {"SUPAMIG_TARGET_DSN": settings.target.reveal(), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command,
        env=os.environ | environment,
        cwd=settings.backups_dir.parent,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 5, done.stderr
    assert "no room left" in done.stderr
    assert "hint: " in done.stderr
    assert [one.name for one in api.backup_list(settings, hashes=True)] == [made.name]
    assert list(settings.backups_dir.glob(".part-*")) == []
