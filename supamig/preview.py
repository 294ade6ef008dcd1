"""What `pulumi preview --json` says, for people: a Markdown comment for a pull request.

It also looks for what no preview may hold, as a policy pack sees neither the steps that are planned
nor which values are secrets: a droplet or a volume with data that goes away, and a plain secret.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from supamig.amounts import count, duration, plural
from supamig.errors import UsageError
from supamig.plain_secrets import plain_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

CONTAINER = "docker:index/container:Container"
#: What is lost with the resource, were it deleted or replaced.
_LASTING = {
    "digitalocean:index/droplet:Droplet",
    "digitalocean:index/volume:Volume",
    "docker:index/volume:Volume",
}
_GOES_AWAY = {"delete", "replace", "delete-replaced", "create-replacement"}
_QUIET = {"same", "read", "refresh"}
_VERBS = {"create": "new", "update": "changed", "delete": "deleted", "replace": "replaced"}
#: Of one quotation; GitHub takes no comment of more than 65,536 characters.
_LONGEST = 40_000
_FAILED = "preview failed"
#: In JSON the CLI says no word about policies.
_UNSAID = (
    "the preview failed, and its JSON does not say why: `pulumi preview` without `--json` lists the"
    " policies that are violated"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One resource that will not stay as it is; ``seconds`` is how long it may be away."""

    verb: str
    type: str
    name: str
    reasons: tuple[str, ...] = ()
    seconds: int = 0

    @property
    def kind(self) -> str:
        """The type for people: `docker Container`."""
        package, _, rest = self.type.partition(":")
        return f"{package} {rest.rpartition(':')[2]}"

    @property
    def restarts(self) -> bool:
        """Whether it is a container that stops and starts again."""
        return self.type == CONTAINER and self.verb == "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A preview: what changes, what stopped it, and what it may not hold."""

    changes: tuple[Change, ...]
    unchanged: int
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def is_fine(self) -> bool:
        """Whether `pulumi up` may follow."""
        return not self.errors and not self.problems


def read_preview(text: str) -> Preview:
    """Read what `pulumi preview --json` printed; raise `UsageError` where it is something else."""
    hint = "Pipe it in: `pulumi preview --json | supamig preview-summary`"
    try:
        # a failing preview is followed by a line for people
        found, _ = json.JSONDecoder().raw_decode(text.lstrip())
    except json.JSONDecodeError as error:
        raise UsageError("this is no preview of Pulumi in JSON", hint=hint) from error
    if not isinstance(found, dict) or "steps" not in found:
        raise UsageError("this JSON is no preview of Pulumi: it has no `steps`", hint=hint)
    try:
        return _preview(found)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        message = "this JSON is no preview of Pulumi: its `steps` are not as Pulumi writes them"
        raise UsageError(message, hint=hint) from error


def _preview(found: Mapping[str, Any]) -> Preview:
    steps: Sequence[Mapping[str, Any]] = found["steps"] or ()
    said: Sequence[Mapping[str, Any]] = found.get("diagnostics") or ()
    return Preview(
        changes=tuple(_changes(steps)),
        unchanged=int((found.get("changeSummary") or {}).get("same", 0)),
        errors=tuple(_said(said, "error")),
        warnings=tuple(_said(said, "warning")),
        problems=tuple(one for step in steps for one in _problems(step)),
    )


def markdown(preview: Preview) -> str:
    """Return the comment: the answer first, then what restarts, then everything."""
    lines = ["### Preview of the deployment", "", _answer(preview), ""]
    for title, texts in (
        ("What stopped it", preview.errors),
        ("What it may not hold", preview.problems),
        ("What `pulumi up` will still need", preview.warnings),
    ):
        if texts:
            lines += [f"#### {title}", "", *(part for one in texts for part in _block(one)), ""]
    restarting = [one for one in preview.changes if one.restarts]
    if restarting:
        lines += ["#### Services that restart", ""]
        lines += _table(
            ("Service", "Because of", "Away for at most"),
            [(one.name, ", ".join(one.reasons), duration(one.seconds)) for one in restarting],
        )
        longest = duration(sum(one.seconds for one in restarting))
        each = "Each is stopped, made anew and waited for until it is healthy"
        lines += [f"{each}; at most {longest} if they follow one another.", ""]
    if preview.changes:
        lines += [f"<details><summary>{plural(len(preview.changes), 'resource')}</summary>", ""]
        lines += _table(
            ("", "Type", "Name", "Because of"),
            [
                (one.verb, one.kind, one.name, ", ".join(one.reasons) or "-")
                for one in sorted(preview.changes, key=lambda one: (one.verb, one.type, one.name))
            ],
        )
        lines += ["</details>", ""]
    return "\n".join(lines).rstrip() + "\n"


def _changes(steps: Sequence[Mapping[str, Any]]) -> Iterator[Change]:
    for step in steps:
        state = step.get("newState") or step.get("oldState") or {}
        if step["op"] in _QUIET or not state.get("custom"):
            continue
        inputs = state.get("inputs") or {}
        yield Change(
            verb=_VERBS.get(step["op"], step["op"]),
            type=state["type"],
            name=step["urn"].rpartition("::")[2],
            reasons=tuple(sorted(step.get("replaceReasons") or step.get("diffReasons") or ())),
            seconds=sum(_known(inputs.get(one)) for one in ("destroyGraceSeconds", "waitTimeout")),
        )


def _known(seconds: object) -> int:
    """Return a number; a preview has a text in place of one that is not known yet, or secret."""
    return int(seconds) if isinstance(seconds, int | float) else 0


def _said(diagnostics: Sequence[Mapping[str, Any]], severity: str) -> list[str]:
    """Return the messages of one severity, each once, without the line that only repeats them."""
    texts = [
        str(one.get("message", "")).strip().removeprefix(f"{severity}: ")
        for one in diagnostics
        if one.get("severity") == severity
    ]
    found = list(dict.fromkeys(text for text in texts if text))
    if found == [_FAILED]:
        return [_UNSAID]
    return [text for text in found if text != _FAILED]


def _problems(step: Mapping[str, Any]) -> Iterator[str]:
    name = step["urn"].rpartition("::")[2]
    state = step.get("newState") or step.get("oldState") or {}
    kind = state.get("type", "")
    if step["op"] in _GOES_AWAY and kind in _LASTING and not _is_cache(state):
        verb = _VERBS.get(step["op"], step["op"])
        yield f"`{name}` ({kind}) would be {verb}, and what is on it lost"
    for place in plain_secrets(state.get("inputs") or {}) if kind == CONTAINER else ():
        yield f"`{place}` of `{name}` is a plain secret: mark it with `Output.secret`"


def _is_cache(state: Mapping[str, Any]) -> bool:
    labels = (state.get("inputs") or {}).get("labels") or ()
    found = {one.get("label"): one.get("value") for one in labels if isinstance(one, dict)}
    return found.get("supamig.holds-data") == "false"


def _answer(preview: Preview) -> str:
    if preview.errors:
        return "**It does not get through**, and nothing would be changed."
    counted = Counter(one.verb for one in preview.changes)
    parts = [f"{counted[verb]} {verb}" for verb in sorted(counted)]
    parts.append(f"{preview.unchanged} unchanged")
    answer = "Nothing changes" if not preview.changes else ", ".join(parts)
    return f"**It must not be merged**: {answer}." if preview.problems else f"{answer}."


def _block(text: str) -> list[str]:
    """Quote words that are not ours, so that nothing in them is markup."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}\n... and {count(len(text) - _LONGEST)} characters more"
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return [f"{fence}text", text, fence]


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}"]
    lines += [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    return [*lines, ""]


def _cell(text: str) -> str:
    return re.sub(r"([\\|`<>*_\[\]])", r"\\\1", " ".join(text.split()))
