"""The hooks of supamig, signatures only: hooks hand over objects, the engine does the work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click

    from supamig.config import Settings
    from supamig.models import Event
    from supamig.protocols import Exporter, Importer, Validator
    from supamig.report import Reporter
    from supamig.secret import Secret

hookspec = pluggy.HookspecMarker("supamig")
hookimpl = pluggy.HookimplMarker("supamig")


@hookspec
def supamig_exporters(settings: Settings) -> Iterable[Exporter]:
    """Hand over the exporters that these settings ask for; a failure refuses the plan."""
    raise AssertionError


@hookspec
def supamig_importers(settings: Settings) -> Iterable[Importer]:
    """Hand over the importers that these settings ask for; a failure refuses the plan."""
    raise AssertionError


@hookspec
def supamig_validators(settings: Settings) -> Iterable[Validator]:
    """Hand over checks; a failure becomes the finding `plugin.hook-failed`."""
    raise AssertionError


@hookspec
def supamig_auth_checkers(settings: Settings) -> Iterable[Validator]:
    """Hand over checks of the services, of the same shape as validators, run at the cutover."""
    raise AssertionError


@hookspec
def supamig_reporters() -> Iterable[Reporter]:
    """Hand over writers of further report formats."""
    raise AssertionError


@hookspec
def supamig_commands(cli: click.Group) -> None:
    """Add commands to the command line."""


@hookspec
def supamig_event(event: Event) -> None:
    """Hear of progress; a failure is logged and the migration goes on."""


@hookspec(firstresult=True)
def supamig_secret(reference: str) -> Secret | None:
    """Resolve a secret reference such as `vault:prod/db`; stops at the first that is not None."""
