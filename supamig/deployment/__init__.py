"""What a self-hosted Supabase is, as data: `describe` turns settings into services.

Pure: nothing here connects, starts or writes, but for `render`, which writes one directory.
"""

from __future__ import annotations

from supamig.deployment.assembly import describe
from supamig.deployment.model import Deployment, Service
from supamig.deployment.settings import DeploymentSettings

__all__ = ["Deployment", "DeploymentSettings", "Service", "describe"]
