"""Supabase Cloud's side: what a project's configuration becomes, and what of its sessions lives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from supamig.config.connection import project_of
from supamig.deployment.auth_problems import problems_of_auth
from supamig.deployment.cloud import sessions
from supamig.deployment.cloud.carried import Carried, finding
from supamig.deployment.cloud.carrying import carry
from supamig.deployment.cloud.sessions import Survival, Taken
from supamig.deployment.reading import parse_settings
from supamig.errors import ConfigError, UsageError
from supamig.models import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from supamig.config import Settings
    from supamig.deployment import DeploymentSettings
    from supamig.management import ManagementApi
    from supamig.management.snapshot import Snapshot
    from supamig.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudPlan:
    """What would be made of a project: settings, secrets that are missing, sessions that live.

    ``secrets`` says of each secret that must be asked for whether it is `missing`, `given`,
    `the project's own`, or `not the project's`.
    """

    project_ref: str
    carried: Carried
    survival: tuple[Survival, ...]
    secrets: Mapping[str, str]


def cloud_snapshot(
    settings: Settings,
    *,
    bundle: Path | None = None,
    with_functions: bool = False,
    connect: Callable[[Secret], ManagementApi] | None = None,
) -> Snapshot:
    """Return the configuration of the source project: from a bundle, else from Supabase Cloud.

    Raise `UsageError` without a project or a token, `PermissionMissing`, `ConfigError` for a
    project that is not there, `Unreachable` for one that is paused.
    """
    from supamig.management import ManagementApi
    from supamig.management import snapshot as snapshots

    if bundle is not None:
        return snapshots.read(bundle)
    project_ref = settings.project_ref or project_of(settings.source)
    if not project_ref or settings.access_token is None:
        lacking = "SUPABASE_ACCESS_TOKEN" if project_ref else "SUPABASE_PROJECT_REF"
        message = f"the project cannot be asked for its configuration: {lacking} is not set"
        hint = "Set SUPABASE_PROJECT_REF and SUPABASE_ACCESS_TOKEN, or name a bundle"
        raise UsageError(message, hint=hint)
    with (connect or ManagementApi)(settings.access_token) as api:
        return snapshots.take(api, project_ref, with_functions=with_functions)


def cloud_plan(
    snapshot: Snapshot,
    *,
    deployment: DeploymentSettings,
    taken: Taken = Taken(),  # noqa: B008 - frozen, so one for all is fine
    secrets: Mapping[str, Secret] = {},
) -> CloudPlan:
    """Say what a deployment would take over of a project; nothing is written anywhere.

    ``secrets`` are those that there are already: of each that is asked for it is said whether it
    is the project's own, as far as that can be told.
    """
    carried = carry(snapshot, public_url=deployment.public_url)
    try:
        settings = parse_settings(
            {"public_url": deployment.public_url, **carried.settings()}, place="the project"
        )
    except ConfigError as error:
        wrong = [error.message]
    else:
        wrong = list(problems_of_auth(settings.auth))
    findings = [
        finding("settings", Severity.ERROR, "auth", message, "Set it in `[deployment.auth]`")
        for message in wrong
    ]
    return CloudPlan(
        project_ref=snapshot.project_ref,
        carried=replace(carried, findings=(*carried.findings, *findings)),
        survival=sessions.survival(snapshot, taken, signing=deployment.signing),
        secrets=_states(carried, secrets, snapshot.project_ref),
    )


def _states(carried: Carried, secrets: Mapping[str, Secret], project_ref: str) -> dict[str, str]:
    found = {}
    for asked in carried.asked:
        given = secrets.get(asked.name)
        same = asked.is_same(given, project_ref=project_ref) if given else None
        words = {None: "given", True: "the project's own", False: "not the project's"}
        found[asked.name] = words[same] if given else "missing"
    return found
