"""A whole scan: every file looked at, clients followed from file to file until nothing is new."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import posixpath
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

from supamig.scanning import grammars
from supamig.scanning.evidence import Evidence
from supamig.scanning.files import list_files
from supamig.scanning.imports import Modules
from supamig.scanning.linking import Links
from supamig.scanning.looking import Look, Task, look
from supamig.scanning.model import Scan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from supamig.scanning.model import Problem

    LookAt = Callable[[Sequence[Task]], Iterable[Look]]

#: From so many files on, other processes are worth their start.
_MANY = 400
_CHUNK = 64
#: Rounds in which files that import a client by another name are found; each adds some.
_ROUNDS = 12
_PARSED = {"python", "javascript", "typescript", "tsx", "markup", "dart"}


def scan(paths: Sequence[Path | str], *, jobs: int = 2) -> Scan:
    """Return what the applications under ``paths`` use of Supabase.

    Raise `UsageError` for a path that is not there, `ToolMissing` without the parsers.  ``jobs``
    processes work at once when there are many files.
    """
    grammars.require()
    shown = tuple(os.path.normpath(path) for path in paths)
    listing = list_files(shown)
    with _looking(len(listing.languages), jobs) as look_at:
        looks = _look_at_all(listing.languages, look_at)
        links = _follow(listing.languages, looks, look_at)
    evidence = Evidence(links)
    for path, one in looks.items():
        if one.summary is not None:
            evidence.add(path, one.summary)
    found = list(looks.values())
    uses = {*evidence.uses, *(use for one in found for use in one.uses)}
    problems: list[Problem] = [*listing.problems, *(p for one in found for p in one.problems)]
    ignored = sum(one.is_ignored for one in found)
    return Scan(
        paths=shown,
        files=len(found) - ignored,
        parsed=sum(one.summary is not None for one in found),
        ignored=listing.ignored + ignored,
        uses=tuple(sorted(uses)),
        keys=tuple(sorted({key for one in found for key in one.keys})),
        addresses=tuple(sorted({place for one in found for place in one.addresses})),
        variables=tuple(sorted({name for one in found for name in one.variables})),
        problems=tuple(sorted(set(problems))),
        transforms_images=evidence.transforms or any("/render/image/" in u.call for u in uses),
    )


@contextlib.contextmanager
def _looking(files: int, jobs: int) -> Iterator[LookAt]:
    if files < _MANY or jobs < 2:  # noqa: PLR2004 - one is no company
        yield lambda tasks: map(look, tasks)
        return
    # a fork would take locks of other threads along
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        yield lambda tasks: pool.map(look, tasks, chunksize=_CHUNK)


def _look_at_all(languages: dict[str, str], look_at: LookAt) -> dict[str, Look]:
    tasks = [Task(path, language) for path, language in languages.items()]
    return {one.path: one for one in look_at(tasks)}


def _follow(languages: dict[str, str], looks: dict[str, Look], look_at: LookAt) -> Links:
    """Parse also what imports a client from a file that was parsed, or is handed one."""
    modules = Modules(path for path, language in languages.items() if language in _PARSED)
    asked: set[str] = set()
    for _ in range(_ROUNDS):
        parsed = {path: one.summary for path, one in looks.items() if one.summary is not None}
        links = Links(parsed, modules)
        stems = {stem for path in parsed if links.clients_of(path) for stem in _stems(path)}
        unparsed = {
            path for path, one in looks.items() if one.summary is None and path not in asked
        }
        chosen = links.wanted() & unparsed
        chosen |= {path for path in unparsed if not stems.isdisjoint(looks[path].imports)}
        asked |= chosen
        tasks = [Task(path, languages[path], force=True) for path in sorted(chosen)]
        again = [one for one in look_at(tasks) if one.summary is not None]
        if not again:
            break
        for one in again:
            looks[one.path].summary = one.summary
            looks[one.path].addresses += one.addresses
            looks[one.path].problems += one.problems
    return links


def _stems(path: str) -> list[str]:
    """Return the word that an import of a file ends with."""
    folder, name = posixpath.split(path)
    stem = name.partition(".")[0]
    return [posixpath.basename(folder)] if stem in {"index", "__init__", "mod"} else [stem]
