"""The move itself: the resource exists once the target is proven, and not before."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pulumi

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Migration(pulumi.ComponentResource):
    """One move.  It fails before the resource is made, so the next `up` calls it again: it resumes.

    ``done`` holds digests; ``result`` what was moved, kept as it was at that time.  Deleting either
    deletes nothing anywhere.  ``move`` runs in a thread and is given what says a line of progress.
    """

    done: pulumi.Stash
    result: pulumi.Output[Any]

    def __init__(
        self,
        name: str,
        *,
        move: Callable[[Callable[[str], None]], Mapping[str, int]],
        digest: Mapping[str, str],
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("supamig:infra:Migration", name, None, opts)
        moved: dict[str, int] = {}

        async def migrate(_: pulumi.ResourceHookArgs) -> None:
            loop = asyncio.get_running_loop()

            def say(line: str) -> None:
                # called from the thread of the move, and the log belongs to the loop
                loop.call_soon_threadsafe(pulumi.log.info, line)

            moved.update(await asyncio.to_thread(move, say))

        hook = pulumi.ResourceHook(f"{name}: migrate", migrate)
        self.done = pulumi.Stash(
            name,
            input=dict(digest),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(after),
                hooks=pulumi.ResourceHookBinding(before_create=[hook], before_update=[hook]),
            ),
        )
        result = pulumi.Stash(
            f"{name}-result",
            input=self.done.output.apply(lambda _: dict(moved)),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[self.done],
                # only the run that moved something knows the numbers
                ignore_changes=["input"],
                replacement_trigger=dict(digest),
            ),
        )
        self.result = result.output
        self.register_outputs({"result": self.result})
