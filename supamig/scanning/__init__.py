"""What applications use of Supabase, read from their source with real parsers.

`scan` reads files, follows clients through variables, functions, classes and imports, and says what
is called on them.  Nothing of an application is run.
"""

from __future__ import annotations

from supamig.scanning.model import Feature, Scan, Subject, Use
from supamig.scanning.scanner import scan

__all__ = ["Feature", "Scan", "Subject", "Use", "scan"]
