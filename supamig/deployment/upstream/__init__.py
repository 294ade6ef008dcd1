"""What upstream's own files say, as tables: release self-hosted/v0.8.2, newer rows marked so.

The deployment is written by hand, and these are its second entry: a test holds every service, every
variable and every key of `.env` against them, and asks for a reason where they differ.

`gotrue_environment` is every variable that auth 2.196.0 reads, with its type; `auth_config` every
field that the Management API's `config/auth` had in June 2026.
"""

from __future__ import annotations

import csv
from importlib.resources import files
from typing import Literal

Table = Literal[
    "services", "service_environment", "env_example", "gotrue_environment", "auth_config"
]


def table(name: Table) -> list[dict[str, str]]:
    """Return the rows of a table, each by the names of its columns; a missing cell is empty."""
    lines = files(__name__).joinpath(f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE, restval=""))
