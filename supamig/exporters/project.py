"""The project's configuration, as the Management API of Supabase Cloud has it.

Settings go into files of their own (`auth_config.json`, `postgrest.json`, `functions/`, ...) and
secrets into `secrets.env`, which is the one file of a bundle to keep away from others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.amounts import plural
from supamig.config.connection import project_of
from supamig.deployment import secret_file
from supamig.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

    from supamig.bundle import Bundle
    from supamig.config import Settings
    from supamig.management import ManagementApi
    from supamig.models import Inventory
    from supamig.postgres import Source
    from supamig.protocols import Progress
    from supamig.secret import Secret


class ProjectExporter:
    """Asks the Management API, or says why it does not."""

    kind = "project"
    title = "Configuration of the project"
    after = ("inventory",)
    replaces = ""

    def __init__(
        self,
        project_ref: str,
        token: Secret | None,
        *,
        connect: Callable[[Secret], ManagementApi] | None = None,
    ) -> None:
        self._project_ref = project_ref
        self._token = token
        self._connect = connect

    def estimate(self, inventory: Inventory) -> int:
        """Return 0: nothing of it is in the database."""
        del inventory
        return 0

    def export(self, source: Source, bundle: Bundle, progress: Progress) -> str:
        """Write one file an answer, the functions' sources, and the secrets apart."""
        del source
        if self._token is None:
            progress.note(
                "the project's configuration (Auth, API keys, edge functions) is not exported,"
                " because SUPABASE_ACCESS_TOKEN is not set"
            )
            return "not exported: no access token"
        from supamig.management import ManagementApi  # httpx is slow to import
        from supamig.management import snapshot as snapshots

        with (self._connect or ManagementApi)(self._token) as api:
            snapshot = snapshots.take(api, self._project_ref)
        files = snapshots.configuration_files(snapshot) | snapshots.function_files(snapshot)
        for path, content in files.items():
            bundle.write(path, content, kind="project", producer="Management API")
        text = secret_file.edited("", snapshot.secrets)
        bundle.write(
            snapshots.SECRETS, text.encode(), kind="project-secrets", producer="Management API"
        )
        for name, reason in snapshot.missing.items():
            if reason != snapshots.NONE:
                progress.note(f"`{name}` of the project is not exported: {reason}")
        functions = plural(len(snapshot.sources), "edge function")
        return f"{len(snapshot.answers)} answers, {functions}, secrets in {snapshots.SECRETS}"


@hookimpl
def supamig_exporters(settings: Settings) -> list[ProjectExporter]:
    """Hand over the exporter when the source is a project of Supabase Cloud."""
    project_ref = settings.project_ref or project_of(settings.source)
    return [ProjectExporter(project_ref, settings.access_token)] if project_ref else []
