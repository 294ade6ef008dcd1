"""Running checks on two sides: which are chosen, what each is given, what the verdict comes to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from supamig.models import CheckResult, Finding, Outcome, Severity, Stage
from supamig.postgres import Server, Source
from supamig.protocols import CheckContext
from supamig.report import plugin_check, read_baseline, verdict, without
from supamig.runner import Opened, run_checks
from supamig.sides import NOTHING_HIDDEN, Absent, Live, Memory, Offline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from supamig.config import Settings
    from supamig.models import Digest, Inventory, Observer, Record, StepResult, TableRef, Verdict
    from supamig.plugins import Plugins, Registered
    from supamig.protocols import Validator
    from supamig.sides import Recorded

_STAGES = list(Stage)


def chosen(
    checks: Sequence[Registered], settings: Settings, stage: Stage | None = None
) -> list[Registered]:
    """Keep the checks (of one stage) whose ids begin with a selected and with no ignored prefix."""
    return [
        check
        for check in checks
        if stage in (None, check.validator.stage)
        and (not settings.select or check.validator.id.startswith(settings.select))
        and not check.validator.id.startswith(settings.ignore)
    ]


def gathered(plugins: Plugins, settings: Settings) -> list[Registered]:
    """Return the checks of every kind, by stage and id."""
    found = [*plugins.validators(settings), *plugins.auth_checkers(settings)]
    return sorted(found, key=lambda c: (_STAGES.index(c.validator.stage), c.validator.id))


class Sides:
    """The two sides that checks look at; catalogs are read once for all of them.

    None is a side that does not answer.
    """

    def __init__(
        self,
        source: Server | Recorded | None,
        target: Server | None,
        *,
        hidden: Mapping[str, frozenset[str]] = NOTHING_HIDDEN,
    ) -> None:
        self._source = source
        self._target = target
        memory = Memory()
        self._memories = (memory, Memory(hidden, beside=memory))

    def know_source(self, inventory: Inventory) -> None:
        """Take the source's catalogs from an inventory, if it is of the very snapshot looked at."""
        if isinstance(self._source, Source) and self._source.snapshot == inventory.snapshot:
            self._memories[0].catalogs.update(inventory.catalogs)

    def source_digests(self) -> dict[tuple[TableRef, tuple[str, ...]], Digest]:
        """Return the digests of the source that the checks have taken, of the columns compared."""
        if isinstance(self._source, Server):
            return self._memories[0].digests
        if self._source is None:
            return {}
        compared = dict(self._memories[1].digests.keys())
        found = Offline(self._source).digests(compared)
        return {(table, digest.columns): digest for table, digest in found.items()}

    def source_tables(self) -> Sequence[Record]:
        """Return the source's tables, as the checks have read them."""
        if isinstance(self._source, Server):
            return self._memories[0].catalogs.get("tables", ())
        if self._source is None:
            return ()
        return self._source.inventory.catalogs["tables"]

    def open(
        self, validator: Validator, cancelled: Callable[[], bool], settings: Settings
    ) -> Opened:
        """Make the context of one check."""
        seen = partial(_seen, timeout=validator.timeout, sessions=settings.jobs)
        source = seen(self._source, self._memories[0], "source")
        target = seen(self._target, self._memories[1], "target")
        options = settings.plugin_options.get(validator.id.partition(".")[0], {})
        context = CheckContext(source=source, target=target, options=options, cancelled=cancelled)

        def cancel() -> None:
            source.cancel()
            target.cancel()

        return Opened(context, lambda: None, cancel)


def _seen(
    side: Server | Recorded | None, memory: Memory, label: str, *, timeout: float, sessions: int
) -> Live | Offline | Absent:
    if isinstance(side, Server):
        return Live(side, memory, timeout=timeout, sessions=sessions)
    return Absent(label) if side is None else Offline(side)


#: Opens the context of one check; the callable tells whether to stop.
Open = Callable[["Validator", "Callable[[], bool]", "Settings"], Opened]


def run(  # noqa: PLR0913 - what a run of checks depends on, each by name
    plugins: Plugins,
    opening: Open,
    *,
    stage: Stage,
    settings: Settings,
    observer: Observer,
    redact: Callable[[str], str],
) -> tuple[CheckResult, ...]:
    """Run the checks of one stage and return their results, less what the baseline accepts."""
    checks = chosen(gathered(plugins, settings), settings, stage)
    if settings.check_timeout is not None:
        limit = settings.check_timeout
        checks = [replace(c, validator=replace(c.validator, timeout=limit)) for c in checks]
    results = run_checks(
        checks,
        make_context=lambda validator, cancelled: opening(validator, cancelled, settings),
        observer=observer,
        redact=redact,
    )
    if settings.baseline is None:
        return tuple(results)
    kept, _ = without(results, read_baseline(settings.baseline))
    return kept


def judge(
    checks: Sequence[CheckResult],
    plugins: Plugins,
    settings: Settings,
    steps: Sequence[StepResult] = (),
) -> tuple[Verdict, tuple[CheckResult, ...]]:
    """Return the verdict, and the checks with one more that tells of faulty plugins, if any."""
    faults = plugins.findings
    all_checks = (*checks, plugin_check(faults)) if faults else tuple(checks)
    return verdict(checks, settings.fail_on, faults, steps), all_checks


def said(
    check: str, title: str, findings: Sequence[Finding], *, stage: Stage = Stage.PREFLIGHT
) -> CheckResult:
    """Wrap findings that the tool itself made, such as those of the plan, as a check."""
    is_bad = any(finding.severity is not Severity.INFO for finding in findings)
    return CheckResult(
        id=check,
        title=title,
        stage=stage,
        outcome=Outcome.FAILED if is_bad else Outcome.PASSED,
        findings=tuple(findings),
    )
