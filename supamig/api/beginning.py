"""Beginning: how large the source is, and the files in which a move is described."""

from __future__ import annotations

import re
import shutil
import time
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from supamig import disk
from supamig.config import load
from supamig.deployment.reading import read_settings
from supamig.disk import disk_errors
from supamig.errors import ConfigError, Refused, UsageError
from supamig.first_files import stack_config, supamig_toml
from supamig.questions import QUESTIONS
from supamig.session import Session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from supamig.config import Settings

_SETTINGS = "supamig.toml"
_STACK = re.compile(r"[A-Za-z0-9_.-]+")
#: What Pulumi writes into a stack's config, and what nobody can make again.
_ENCRYPTED = re.compile(
    r"^\s*(encryptionsalt|encryptedkey|secretsprovider|-?\s*secure):", re.MULTILINE
)
#: `kept` says all that it should, and more.
State = Literal["new", "kept", "differs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstFile:
    """A file as it will be, and what stands at its place now."""

    path: Path
    text: str
    state: State


def measure(settings: Settings) -> tuple[int, int]:
    """Return the bytes of the source's database, and how many users its auth service has."""
    with Session(settings) as session:
        size = session.source.facts.size
        with session.source.session() as connection:
            there = connection.execute("select to_regclass('auth.users') is not null").fetchone()
            if there != (True,):
                return size, 0
            users = connection.execute("select count(*) from auth.users").fetchone()
        return size, int(users[0]) if users else 0


def known_answers(directory: Path, *, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what is said already: by the directory's `supamig.toml`, the environment, `.env`."""
    path = directory / _SETTINGS
    file = path if path.exists() else None
    found = {"project_ref": load(file=file, environ=environ, sides=()).project_ref}
    if file:
        deployment = read_settings(file)
        found["domain"] = deployment.tls.domain if deployment.tls else ""
        found["site_url"] = deployment.auth.site_url
    return {name: answer for name, answer in found.items() if answer}


def checked_answers(answers: Mapping[str, str]) -> dict[str, str]:
    """Return an answer to every question that applies, where nothing else is said the usual one.

    Raise `ConfigError` that names each answer that is missing or cannot be.
    """
    found: dict[str, str] = {}
    missing, wrong = [], []
    for question in QUESTIONS:
        if not question.when(found):
            continue
        usual = question.usual(found)
        given = answers.get(question.name, usual)
        if given is None:
            missing.append(question)
            continue
        try:
            found[question.name] = question.kept(given, usual)
        except ValueError as error:
            wrong.append(f"`{question.option}` {error}")
    if wrong:
        raise ConfigError("; ".join(wrong), hint="`supamig init --help` explains each answer")
    if missing:
        names = ", ".join(f"`{question.option}`" for question in missing)
        hint = "; ".join(f"`{question.option}`: {question.asks}" for question in missing)
        raise ConfigError(f"not answered yet: {names}", hint=hint)
    return found


def init(answers: Mapping[str, str], *, directory: Path, stack: str) -> tuple[FirstFile, ...]:
    """Return the files that these answers make, beside what stands there now; nothing is written.

    ``answers`` are by the names of :data:`supamig.questions.QUESTIONS`.
    """
    if not _STACK.fullmatch(stack):
        message = f"`{stack}` is no name of a stack"
        raise UsageError(message, hint="Use letters, digits and `_.-`, such as `prod`")
    whole = checked_answers(answers)
    texts = {
        directory / _SETTINGS: supamig_toml(whole),
        directory / f"Pulumi.{stack}.yaml": stack_config(whole, settings_file=_SETTINGS),
    }
    return tuple(
        FirstFile(path=path, text=text, state=_state(path, text)) for path, text in texts.items()
    )


def _state(path: Path, text: str) -> State:
    try:
        found = path.read_text(encoding="utf-8")
        if path.suffix == ".toml":
            return "kept" if _says(tomllib.loads(found), tomllib.loads(text)) else "differs"
    except FileNotFoundError:
        return "new"
    except (OSError, ValueError):
        return "differs"
    return "kept" if found == text else "differs"


def _says(found: object, wanted: object) -> bool:
    """Tell whether a value of TOML holds another, its tables maybe with more keys."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return all(key in found and _says(found[key], one) for key, one in wanted.items())
    return found == wanted


def write_first_files(files: Sequence[FirstFile], *, replace: bool = False) -> list[Path]:
    """Write what is not there yet and return the paths.

    Raise `Refused` for a file that says something else, unless ``replace``: then it is kept beside,
    with the time in its name.  A stack's config that holds secrets is never replaced.
    """
    differing = [one.path for one in files if one.state == "differs"]
    if differing and not replace:
        names = ", ".join(f"`{path}`" for path in differing)
        message = f"{names} would be replaced, and may hold what nobody else knows"
        hint = "Edit it, name another stack by `--stack`, or pass `--replace`: the old one is kept"
        raise Refused(message, hint=hint)
    for path in differing:
        _refuse_encrypted(path)
    written = [one for one in files if one.state != "kept"]
    for one in written:
        try:
            with disk_errors(one.path.absolute()):
                if one.state == "differs":
                    shutil.copy2(one.path, one.path.with_name(f"{one.path.name}.{time.time_ns()}"))
                one.path.parent.mkdir(parents=True, exist_ok=True)
                disk.replace(one.path, one.text.encode(), mode=0o644)
        except OSError as error:
            message = f"`{one.path}` cannot be written: {error.strerror}"
            raise UsageError(message, hint="Mend that, then run the same again") from error
    return [one.path for one in written]


def _refuse_encrypted(path: Path) -> None:
    if not path.is_file():
        raise UsageError(f"`{path}` is no file", hint="Move it away, or name another `--stack`")
    if path.suffix == ".yaml" and _ENCRYPTED.search(path.read_text("utf-8", "replace")):
        message = f"`{path}` holds encrypted secrets of Pulumi, which nobody could make again"
        raise Refused(message, hint="Edit it, or name another stack by `--stack`")
