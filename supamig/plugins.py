"""Plugins: loading them, and asking each for what it hands over.

A plugin that is faulty costs only itself: it becomes a finding and everything else goes on.  So no
collecting hook is ever called through pluggy, where one implementation that raises ends them all;
each is called by itself.  Nothing here is global: a run builds its own `Plugins`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Any

from supamig import discovery, registry
from supamig.errors import ConfigError, PlanRefused, SupamigError
from supamig.models import Finding, Severity, Stage
from supamig.protocols import Exporter, Importer, Validator
from supamig.secret import Redactor, Secret
from supamig.sequence import arrange
from supamig.wording import clean, explain, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    import click

    from supamig.config import Settings
    from supamig.models import Event
    from supamig.report import Reporter

#: The modules, and packages of modules, that are plugins like any other, registered first.
BUILTINS = (
    "supamig.exporters",
    "supamig.importers",
    "supamig.validators",
    "supamig.auth",
    "supamig.endpoints",
    "supamig.report.formats",
)
#: First parts of check ids that no plugin of others may use, beside those of the built-in checks.
RESERVED = frozenset({"plugin", "plugins", "supamig"})
#: More objects than this from one hook are an endless generator.
_MOST = 10_000
_STAGES = list(Stage)
_log = logging.getLogger(__name__)


class PluginStatus(StrEnum):
    """What became of a plugin that was found."""

    LOADED = "loaded"
    BLOCKED = "blocked"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginRecord:
    """One plugin that was found: ``origin`` is `built-in`, a distribution, or a file."""

    name: str
    version: str
    origin: str
    hooks: tuple[str, ...]
    status: PluginStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A check and the name of the plugin that it comes from."""

    validator: Validator
    plugin: str


class Plugins:
    """The plugins of one run.  Build it with :meth:`load`."""

    def __init__(self, redact: Callable[[str], str] | None = None) -> None:
        self._redact = redact or Redactor().redact
        self._registry = registry.Registry()
        self._records: list[PluginRecord] = []
        self._findings: dict[tuple[str, str, str], Finding] = {}
        self._noisy: set[str] = set()

    @classmethod
    def load(  # noqa: PLR0913 - the settings that choose plugins, each by name
        cls,
        *,
        plugins_dirs: Sequence[Path] = (),
        entry_points: bool = True,
        only: Collection[str] | None = None,
        blocked: Collection[str] = (),
        builtins: Sequence[str] = BUILTINS,
        version: str = "",
        redact: Callable[[str], str] | None = None,
    ) -> Plugins:
        """Load built-in plugins, then installed ones, then files; problems are in ``findings``.

        ``only`` limits the installed ones to these names; ``blocked`` names are not imported.
        """
        plugins = cls(redact)
        for found in discovery.builtins(builtins, version):
            plugins._load(found, blocked)
        if entry_points:
            points = list(discovery.installed(only))
            for found in points:
                plugins._load(found, blocked)
            for name in sorted(set(only or ()) - {found.name for found in points}):
                message = f"the plugin `{name}` is asked for by name and is not installed"
                plugins._note("import-failed", name, message, hint="Install it with pip")
        for found in discovery.files(plugins_dirs):
            plugins._load(found, blocked)
        return plugins

    @property
    def records(self) -> list[PluginRecord]:
        """Every plugin that was found, in the order of loading."""
        return list(self._records)

    @property
    def findings(self) -> list[Finding]:
        """What was wrong with plugins so far: while loading, and in every hook called since."""
        return list(self._findings.values())

    def _load(self, found: discovery.Found, blocked: Collection[str]) -> None:
        if found.name in blocked:
            self._record(found, (), PluginStatus.BLOCKED)
            return
        if not found.is_builtin and found.name.partition(".")[0] in RESERVED:
            message = f"the plugin `{found.name}` ({found.origin}) bears a name of supamig itself"
            self._fail(found, "duplicate-name", message, "Give it another name")
            return
        try:
            plugin = found.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever an import may raise
            message = f"the plugin `{found.name}` cannot be imported: {explain(error)}"
            self._fail(found, "import-failed", message, f"Mend or remove it: {found.origin}")
            return
        self.register(plugin, found)

    def register(self, plugin: object, found: discovery.Found) -> None:
        """Register what was loaded, whole or not at all."""
        offer = self._registry.examine(plugin)
        for fault in offer.faults:
            self._note(
                fault.kind, found.name, f"the plugin `{found.name}` {fault.message}", fault.hint
            )
        if offer.faults:
            self._record(found, (), PluginStatus.FAILED)
            return
        if not offer.hooks and found.is_builtin:
            return  # a module that built-in plugins share
        try:
            self._registry.add(plugin, found.name, is_builtin=found.is_builtin)
        except ValueError:
            message = f"a plugin `{found.name}` is loaded already; the one of {found.origin} is not"
            self._fail(found, "duplicate-name", message, "Rename or remove one of the two")
            return
        for oddity in offer.oddities:
            message = f"the plugin `{found.name}` {oddity.message}"
            self._note(oddity.kind, found.name, message, oddity.hint, Severity.WARNING)
        self._record(found, offer.hooks, PluginStatus.LOADED)

    def _record(self, found: discovery.Found, hooks: tuple[str, ...], status: PluginStatus) -> None:
        record = PluginRecord(
            name=found.name,
            version=found.version,
            origin=found.origin,
            hooks=hooks,
            status=status,
        )
        self._records.append(record)

    def _fail(self, found: discovery.Found, kind: str, message: str, hint: str) -> None:
        self._note(kind, found.name, message, hint)
        self._record(found, (), PluginStatus.FAILED)

    def _note(
        self,
        kind: str,
        subject: str,
        message: str,
        hint: str = "",
        severity: Severity = Severity.ERROR,
    ) -> Finding:
        """Keep a finding `plugin.KIND`, once however often the hook is called."""
        finding = Finding(
            check=f"plugin.{kind}",
            severity=severity,
            message=clean(message, self._redact),
            subject=clean(subject, self._redact),
            hint=clean(hint, self._redact),
        )
        self._findings.setdefault((finding.check, finding.subject, finding.message), finding)
        return finding

    # What plugins hand over

    def exporters(self, settings: Settings) -> list[Exporter]:
        """Return the exporters, each behind those it comes after.

        Raise `PlanRefused` if a plugin fails: a missing exporter is missing data.
        """
        return arrange(self._demand("supamig_exporters", Exporter, settings))

    def importers(self, settings: Settings) -> list[Importer]:
        """Return the importers, each behind those it comes after; raise as ``exporters``."""
        return arrange(self._demand("supamig_importers", Importer, settings))

    def validators(self, settings: Settings) -> list[Registered]:
        """Return the checks by stage and id; a hook that fails is in ``findings``."""
        return self._checks("supamig_validators", settings)

    def auth_checkers(self, settings: Settings) -> list[Registered]:
        """Return the checks of the Auth server by stage and id."""
        return self._checks("supamig_auth_checkers", settings)

    def reporters(self) -> list[Reporter]:
        """Return the writers of further report formats, those of built-in plugins first."""
        faults: list[Finding] = []
        found: dict[str, Reporter] = {}
        for one, item in self._gather("supamig_reporters", faults):
            fault = registry.reporter_fault(item, found)
            if fault:
                faults.append(self._wrong_type(one, f"handed over {fault}"))
            else:
                found[item.name] = item
        for finding in faults:
            _log.warning("%s", finding.message)
        return list(found.values())

    def commands(self, cli: click.Group) -> None:
        """Let plugins add commands; one that takes the name of another is not added."""
        for one in self._registry.implementations("supamig_commands"):
            before = dict(cli.commands)
            try:
                one.call(cli=cli)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - the other commands work
                self._hook_failed(one, error)
            for name, command in before.items():
                if cli.commands.get(name) is not command:
                    cli.commands[name] = command
                    message = f"the plugin `{one.plugin}` replaces the command `{name}`; it may not"
                    self._note("duplicate-name", one.plugin, message, "Choose another name")

    def event(self, event: Event) -> None:
        """Tell every plugin of an event; one that fails is logged, once as a warning."""
        for one in self._registry.implementations("supamig_event"):
            try:
                one.call(event=event)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - progress is no reason to stop
                level = logging.DEBUG if one.plugin in self._noisy else logging.WARNING
                self._noisy.add(one.plugin)
                _log.log(level, "%s", self._hook_failed(one, error).message)

    def secret(self, reference: str) -> Secret | None:
        """Ask plugins, the last loaded first, to resolve a reference; none may know it.

        Raise `ConfigError` if one fails.  Only a `SupamigError` is quoted: any other may hold
        what the plugin was given or had read.
        """
        for one in reversed(self._registry.implementations("supamig_secret")):
            try:
                secret = one.call(reference=reference)
            except (Exception, SystemExit) as error:
                why = error.message if isinstance(error, SupamigError) else type(error).__name__
                message = f"the plugin `{one.plugin}` could not resolve a secret: {one_line(why)}"
                hint = error.hint if isinstance(error, SupamigError) else ""
                raise ConfigError(clean(message, self._redact), hint=hint) from error
            if isinstance(secret, Secret):
                return secret
            if secret is not None:
                what = type(secret).__name__
                message = f"the plugin `{one.plugin}` resolved a secret to a {what}, not a Secret"
                raise ConfigError(message, hint="Return supamig.secret.Secret(text) from the hook")
        return None

    # How they are asked

    def _demand(self, hook: str, kind: type[Any], settings: Settings) -> list[Any]:
        faults: list[Finding] = []
        given = []
        for one, item in self._gather(hook, faults, settings=settings):
            fault = registry.piece_fault(item, kind)
            if fault:
                faults.append(self._wrong_type(one, f"handed over {fault}"))
            else:
                given.append(item)
        if faults:
            raise PlanRefused(
                f"{faults[0].message}, so data could be missing from the move",
                hint="Mend the plugin, or block it if you need nothing of it",
                findings=faults,
            )
        return given

    def _checks(self, hook: str, settings: Settings) -> list[Registered]:
        checks: dict[str, Registered] = {}
        reserved = set(RESERVED)
        for one, item in self._gather(hook, [], settings=settings):
            fault = registry.check_fault(item)
            if fault:
                self._wrong_type(one, f"handed over {fault}")
                continue
            prefix = item.id.partition(".")[0]
            if one.is_builtin:
                reserved.add(prefix)
            elif prefix in reserved:
                message = (
                    f"the check `{item.id}` of the plugin `{one.plugin}` bears a built-in name"
                )
                hint = f"Begin its id with the name of the plugin, not with `{prefix}.`"
                self._note("duplicate-check", item.id, message, hint)
                continue
            if item.id in checks:
                owner = checks[item.id].plugin
                message = f"the check `{item.id}` of the plugin `{one.plugin}` exists in `{owner}`"
                self._note("duplicate-check", item.id, message, "Give it another id")
                continue
            checks[item.id] = Registered(validator=item, plugin=one.plugin)
        return sorted(
            checks.values(), key=lambda c: (_STAGES.index(c.validator.stage), c.validator.id)
        )

    def _gather(
        self, hook: str, faults: list[Finding], **arguments: object
    ) -> Iterator[tuple[registry.Implementation, Any]]:
        """Yield what each implementation hands over, in the order of loading."""
        for one in self._registry.implementations(hook):
            try:
                items = one.items(**arguments)
                given = list(islice(items, _MOST + 1))
            except registry.NotIterable as error:
                faults.append(self._wrong_type(one, str(error)))
                continue
            except (Exception, SystemExit) as error:  # noqa: BLE001 - the others are still asked
                faults.append(self._hook_failed(one, error))
                continue
            if len(given) > _MOST:
                what = f"hands over more than {_MOST:,} objects, of which none is used"
                faults.append(self._wrong_type(one, what))
                continue
            for item in given:
                yield one, item

    def _hook_failed(self, one: registry.Implementation, error: BaseException) -> Finding:
        message = f"the hook {one} failed: {explain(error)}"
        return self._note("hook-failed", one.label, message, "Mend the plugin, or block it")

    def _wrong_type(self, one: registry.Implementation, what: str) -> Finding:
        return self._note("wrong-type", one.label, f"the hook {one} {what}")
