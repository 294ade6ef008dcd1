"""A few threads over a list of items; the first failure stops all, an interrupt too."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Item = TypeVar("Item")
#: Seconds that a cancelled worker is given to end.
_PATIENCE = 10.0


def each(
    items: Iterable[Item], work: Callable[[Item], None], *, jobs: int, cancel: Callable[[], None]
) -> None:
    """Run ``work`` on every item, ``jobs`` at a time, in order of the list.

    Raise what the first failing item raised, after ``cancel`` ended what the others were doing.
    """
    waiting: queue.SimpleQueue[Item] = queue.SimpleQueue()
    for item in items:
        waiting.put(item)
    stop = threading.Event()
    failures: list[BaseException] = []

    def labour() -> None:
        while not stop.is_set():
            try:
                item = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                work(item)
            except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
                failures.append(error)
                stop.set()
                return

    threads = [threading.Thread(target=labour, daemon=True) for _ in range(max(1, jobs))]
    for thread in threads:
        thread.start()
    try:
        _wait(threads, stop)
    except BaseException:
        stop.set()
        raise
    finally:
        if stop.is_set():
            cancel()
            _join(threads)
    if failures:
        raise failures[0]


def _join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(timeout=_PATIENCE)


def _wait(threads: list[threading.Thread], stop: threading.Event) -> None:
    for thread in threads:
        while thread.is_alive() and not stop.is_set():
            thread.join(timeout=0.1)
