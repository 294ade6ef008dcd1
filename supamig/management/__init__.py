"""The Management API of Supabase Cloud: what a project's own servers do not say of themselves.

It is only read.  `ManagementApi` asks, `snapshot` keeps the answers with their secrets apart.
"""

from __future__ import annotations

from supamig.management.client import ManagementApi
from supamig.management.pooler import PoolerAddress

__all__ = ["ManagementApi", "PoolerAddress"]
