"""`python -m supamig` is `supamig`."""

from __future__ import annotations

import sys

from supamig.cli import main

sys.exit(main())
