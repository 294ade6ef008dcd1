"""What `pulumi preview` and `pulumi up` run: reads the stack's config and wires the components."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# Pulumi runs this directory, and its parent, where `infra` is a package, is not on the path.
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from infra.config import read_config  # noqa: E402 - see above
from infra.program import wire  # noqa: E402 - see above

# supamig's files are found where the command line finds them too
os.chdir(ROOT)
wire(read_config(root=ROOT), root=ROOT)
