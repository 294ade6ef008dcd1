"""The order of exporters and importers: each behind those it comes after, else by kind."""

from __future__ import annotations

from typing import Protocol, TypeVar

from supamig.errors import PlanRefused


class _Ordered(Protocol):
    kind: str
    after: tuple[str, ...]


T = TypeVar("T", bound=_Ordered)


def arrange(items: list[T]) -> list[T]:
    """Put the items in order, without those that another replaces.

    ``after`` may name kinds that are not there.  Raise `PlanRefused` for two of one kind, for a
    circle, and where it is not clear what replaces what: each could lose data unseen.
    """
    replacements = _replacements(items)
    kept: dict[str, T] = {}
    for item in items:
        if replacements.get(item.kind, item) is not item:
            continue
        if item.kind in kept:
            raise _refused(f"two plugins hand over the kind `{item.kind}`")
        kept[item.kind] = item
    lost = [kind for kind in replacements if _last(kind, replacements).kind not in kept]
    if lost:
        raise _refused(f"the replacements of `{lost[0]}` go round in a circle")
    behind = {
        kind: {
            _last(name, replacements).kind if name in replacements else name for name in it.after
        }
        for kind, it in kept.items()
    }
    behind = {kind: before & kept.keys() - {kind} for kind, before in behind.items()}
    return [kept[kind] for kind in _ordered(behind)]


def _replacements(items: list[T]) -> dict[str, T]:
    """Say by which item each replaced kind is replaced."""
    found: dict[str, T] = {}
    for item in items:
        replaced = getattr(item, "replaces", "")
        if replaced and found.setdefault(replaced, item) is not item:
            raise _refused(f"two plugins replace the kind `{replaced}`")
    return found


def _last(kind: str, replacements: dict[str, T]) -> T:
    item = replacements[kind]
    for _ in replacements:
        following = replacements.get(item.kind, item)
        if following is item:
            break
        item = following
    return item


def _ordered(behind: dict[str, set[str]]) -> list[str]:
    order: list[str] = []
    while len(order) < len(behind):
        ready = [k for k, before in behind.items() if k not in order and before <= set(order)]
        if not ready:
            circle = ", ".join(f"`{kind}`" for kind in sorted(behind.keys() - set(order)))
            raise _refused(f"each of these kinds comes after another of them: {circle}")
        order.append(min(ready))
    return order


def _refused(message: str) -> PlanRefused:
    return PlanRefused(message, hint="Block one of the plugins, or let one replace the other")
