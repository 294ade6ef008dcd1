"""What a project's configuration was at one moment: answers by name, secrets apart.

Live it is asked of the Management API; later it is read from the files that an export kept.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from supamig.errors import ConfigError, PermissionMissing, RequestRefused
from supamig.management import separation
from supamig.management.calls import CALLS, FUNCTIONS, PROJECT, function_body
from supamig.management.refusals import guard_alive, lacking
from supamig.management.sources import Source, read_source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from supamig.management.client import ManagementApi
    from supamig.secret import Secret

#: The one file of a snapshot that holds secrets.
SECRETS = "secrets.env"
#: Why an answer is missing that nobody misses.
NONE = "the project has none"
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The configuration of one project.

    ``answers`` hold no secret: those are in ``secrets``, under the names of a deployment's file.
    ``missing`` says by name why something could not be had.
    """

    project_ref: str
    answers: Mapping[str, Any]
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def auth(self) -> Mapping[str, Any]:
        """The configuration of Auth, field by field."""
        return self.table("auth_config")

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names under which the project's services are reached."""
        found = [f"{self.project_ref}.supabase.co", f"{self.project_ref}.functions.supabase.co"]
        names = (("custom_hostname", "custom_hostname"), ("vanity_subdomain", "custom_domain"))
        for answer, key in names:
            name = self.table(answer).get(key)
            if isinstance(name, str) and name:
                found.append(name)
        return tuple(found)

    def table(self, name: str) -> Mapping[str, Any]:
        """Return an answer that is a table; an empty one where it could not be had."""
        found = self.answers.get(name)
        return found if isinstance(found, dict) else {}

    def listed(self, name: str) -> list[dict[str, Any]]:
        """Return the entries of an answer that is a list; none where it could not be had."""
        found = self.answers.get(name)
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def take(api: ManagementApi, project_ref: str, *, with_functions: bool = True) -> Snapshot:
    """Ask for everything that the token may read.

    Raise `PermissionMissing` naming every permission that it lacks of those that a deployment
    needs, `ConfigError` for a project that is not there, `Unreachable` for one that is paused.
    What else cannot be had is in ``missing``.
    """
    project = api.ask(PROJECT, project_ref)
    guard_alive(project, project_ref)
    answers: dict[str, Any] = {PROJECT.name: project}
    missing: dict[str, str] = {}
    refused = []
    for call in CALLS:
        try:
            answers[call.name] = api.ask(call, project_ref)
        except PermissionMissing:
            if call.needed:
                refused.append(call)
            missing[call.name] = f"the access token lacks `{call.permission}`"
        except ConfigError:
            # 404: the project is there, and has nothing of this kind
            missing[call.name] = NONE
        except RequestRefused as error:
            if call.needed:
                raise
            missing[call.name] = error.message
    if refused:
        raise lacking(refused, project_ref)
    functions = _functions(answers.get(FUNCTIONS.name))
    answers[FUNCTIONS.name] = functions
    clean, secrets = separation.separate(answers)
    sources = _sources(api, project_ref, functions, missing) if with_functions else {}
    return Snapshot(
        project_ref=project_ref, answers=clean, secrets=secrets, sources=sources, missing=missing
    )


def _functions(answer: object) -> list[dict[str, Any]]:
    """Return the functions by name; the name becomes a directory's."""
    listed = [one for one in answer if isinstance(one, dict)] if isinstance(answer, list) else []
    named = [one for one in listed if _SLUG.fullmatch(str(one.get("slug", "")))]
    return sorted(named, key=lambda one: str(one["slug"]))


def _sources(
    api: ManagementApi,
    project_ref: str,
    functions: list[dict[str, Any]],
    missing: dict[str, str],
) -> dict[str, Source]:
    found = {}
    for function in functions:
        slug = str(function["slug"])
        try:
            kind, content = api.body(function_body(slug), project_ref)
        except (ConfigError, RequestRefused) as error:
            missing[f"functions/{slug}"] = f"its source cannot be had: {error.message}"
        else:
            found[slug] = read_source(kind, content)
    return found


def configuration_files(snapshot: Snapshot) -> dict[str, bytes]:
    """Return the files without a secret, by their path in a bundle."""
    return {
        f"{name}.json": (json.dumps(answer, indent=1, ensure_ascii=False) + "\n").encode()
        for name, answer in snapshot.answers.items()
        if name != FUNCTIONS.name
    }


def function_files(snapshot: Snapshot) -> dict[str, bytes]:
    """Return each function's settings and source, by their path in a bundle."""
    found: dict[str, bytes] = {}
    for function in snapshot.listed(FUNCTIONS.name):
        place = f"functions/{function['slug']}"
        source = snapshot.sources.get(str(function["slug"]))
        files = source.files if source else {}
        found |= {f"{place}/{path}": content for path, content in files.items()}
        text = json.dumps(function, indent=1, ensure_ascii=False) + "\n"
        found[f"{place}/function.json"] = text.encode()
    return found


def read(directory: Path) -> Snapshot:
    """Return the snapshot that a bundle, or the directory of a run, holds.

    Raise `ConfigError` where there is none, or where a file of it cannot be read.
    """
    try:
        answers: dict[str, Any] = {PROJECT.name: _parsed(directory / "project.json")}
    except FileNotFoundError:
        message = f"`{directory}` holds no configuration of a project"
        hint = "It is exported when SUPABASE_ACCESS_TOKEN and SUPABASE_PROJECT_REF are set"
        raise ConfigError(message, hint=hint) from None
    for call in CALLS:
        path = directory / f"{call.name}.json"
        if path.exists():
            answers[call.name] = _parsed(path)
    places = sorted(directory.glob("functions/*/function.json"))
    answers[FUNCTIONS.name] = [_parsed(path) for path in places]
    secrets = {}
    if (directory / SECRETS).exists():
        from supamig.deployment import secret_file

        secrets = secret_file.read(directory / SECRETS)
    project = answers[PROJECT.name]
    ref = project.get("ref") or project.get("id") if isinstance(project, dict) else None
    if not isinstance(ref, str):
        raise ConfigError(f"`{directory / 'project.json'}` does not name a project")
    return Snapshot(project_ref=ref, answers=answers, secrets=secrets)


def _parsed(path: Path) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise ConfigError(f"`{path}` is not JSON", hint="Export the project again") from error
