"""What the tests of the runner work with: checks, findings, contexts made as the engine does."""

from __future__ import annotations

from supamig.models import Finding, Severity
from supamig.protocols import CheckContext, Validator
from supamig.runner import Opened, run_check
from supamig.testing.fakes import FakeSide


def check(run, id="acme.check", **fields):  # noqa: A002 - as in Validator
    return Validator(id=id, title=f"The check {id}", run=run, **fields)


def find(severity=Severity.ERROR, message="m", **fields):
    return Finding(check="acme.check", severity=severity, message=message, **fields)


class World:
    """Makes contexts as the engine does: closed and cancelled through both sides."""

    def __init__(self, **sides):
        self.source = sides.get("source") or FakeSide(label="source")
        self.target = sides.get("target") or FakeSide(label="target")
        self.asked_to_stop = None

    def __call__(self, validator, cancelled):
        self.asked_to_stop = cancelled
        context = CheckContext(
            source=self.source,
            target=self.target,
            options={"of": validator.id},
            cancelled=cancelled,
        )

        def each(act):
            return lambda: [getattr(side, act)() for side in (self.source, self.target)]

        return Opened(context, each("close"), each("cancel"))


def judge(run, world=None, **fields):
    return run_check(check(run, **fields), make_context=world or World(), plugin="acme")
