"""Nothing goes on before every look at source, target and host was satisfied."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One thing to look at.

    ``at`` raises what it found, ``in_preview`` says whether a preview looks already, and a look is
    taken again when its ``digest`` changes.
    """

    name: str
    at: Callable[[], None]
    digest: Mapping[str, str]
    in_preview: bool


class Gate(pulumi.ComponentResource):
    """What everything else depends on, by way of ``passed``.

    The hooks sit on a `Stash` each, which is a real resource: to depend on a component without one
    is to wait for nothing.  Each look is in a thread, as the loop of the program must go on
    meanwhile, and waits for the one before it, the first for ``after``.
    """

    passed: pulumi.Resource | None

    def __init__(
        self,
        name: str,
        looks: Sequence[Look],
        *,
        after: Sequence[pulumi.Resource] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("supamig:infra:Gate", name, None, opts)
        self.passed = None
        for look in looks:
            hook = _hook(name, look)
            self.passed = pulumi.Stash(
                look.name,
                input=dict(look.digest),
                opts=pulumi.ResourceOptions(
                    parent=self,
                    depends_on=[self.passed] if self.passed else list(after),
                    hooks=pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook]),
                ),
            )
        self.register_outputs({})


def _hook(gate: str, look: Look) -> pulumi.ResourceHook:
    async def passes(_: pulumi.ResourceHookArgs) -> None:
        await asyncio.to_thread(look.at)

    return pulumi.ResourceHook(
        f"{gate}: {look.name}", passes, pulumi.ResourceHookOptions(on_dry_run=look.in_preview)
    )
