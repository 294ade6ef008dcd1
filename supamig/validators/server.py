"""The servers themselves: version, encoding, settings that change answers; and large objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.parameters import why_left
from supamig.protocols import Validator, validator
from supamig.validators.compare import Sides

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from supamig.protocols import CheckContext

#: Settings of a server that change what a query answers.
_ANSWERS = (
    "default_text_search_config",
    "integer_datetimes",
    "lc_monetary",
    "lc_numeric",
    "lc_time",
)
_LOCALE = {
    "lc_collate": "LC_COLLATE",
    "lc_ctype": "LC_CTYPE",
    "provider": "locale provider",
    "locale": "locale",
}
_SECRET = "(secret)"  # noqa: S105 - the word that stands for one


@validator("server.version", title="The target is not older than the source", needs=("target",))
def version(context: CheckContext) -> Iterable[Finding]:
    """Compare major versions."""
    source, target = context.source.facts, context.target.facts
    if target.major < source.major:
        yield Finding(
            check="server.version",
            severity=Severity.ERROR,
            subject="server",
            message=f"the target runs Postgres {target.major}, the source {source.major}",
            hint="Use an image of the source's major version or a newer one",
            evidence={"source": source.version, "target": target.version},
        )


@validator("server.settings", title="Settings that change what queries answer", needs=("target",))
def settings(context: CheckContext) -> Iterable[Finding]:
    """Compare encoding, locale and settings of server and database."""
    sides = Sides(context)
    yield from _encoding(sides)
    # what is set for the database is compared as such: sessions opened before do not have it
    own, _ = sides.read("database_settings", lambda r: bool(r["database"]))
    answers = set(_ANSWERS) - own.keys()
    source, target = sides.read("settings", lambda r: r["setting"] in answers)
    for name in sorted(source.keys() & target.keys()):
        if source[name]["value"] != target[name]["value"]:
            yield Finding(
                check="server.settings",
                severity=Severity.WARNING,
                subject=name,
                message=f"`{name}` is `{target[name]['value']}`, on the source"
                f" `{source[name]['value']}`",
                hint=f"Run `alter database ... set {name} to ...` on the target",
            )
    yield from _database_settings(sides)


def _encoding(sides: Sides) -> Iterator[Finding]:
    source, target = (side["database"] for side in sides.read("database"))
    if source["encoding"] != target["encoding"]:
        yield Finding(
            check="server.settings",
            severity=Severity.ERROR,
            subject="encoding",
            message=f"the target's encoding is {target['encoding']}, the source's"
            f" {source['encoding']}",
            hint="Create the target's database with the source's encoding",
        )
    differing = [words for key, words in _LOCALE.items() if source[key] != target[key]]
    if differing:
        yield Finding(
            check="server.settings",
            severity=Severity.WARNING,
            subject="locale",
            message=f"the databases differ in {', '.join(differing)}: text may sort differently",
            hint="Create the target's database with the source's locale where order matters",
            evidence={f"{key} on source": source[key] for key in _LOCALE}
            | {f"{key} on target": target[key] for key in _LOCALE},
        )


def _database_settings(sides: Sides) -> Iterator[Finding]:
    source, target = sides.read("database_settings", lambda r: bool(r["database"]))
    for name, record in source.items():
        if name in target and target[name]["digest"] == record["digest"]:
            continue
        values = [
            side[name]["value"] or _SECRET if name in side else "not set"
            for side in (source, target)
        ]
        # what the target has set by itself stays; `app.settings.*` hold keys and addresses of a
        # platform, which are new there
        soft = name in target or why_left(record) or name.startswith("app.settings.")
        yield Finding(
            check="server.settings",
            severity=Severity.WARNING if soft else Severity.ERROR,
            subject=name,
            message=f"database setting `{name}` is {_how(name in target)} on the target",
            hint=f"Run `alter database ... set {name} to ...` on the target",
            evidence={"source": values[0], "target": values[1]},
        )


def _how(there: bool) -> str:  # noqa: FBT001 - a word for a truth value
    return "another" if there else "not set"


@validator("data.large-objects", title="Large objects are there", needs=("target",))
def large_objects(context: CheckContext) -> Iterable[Finding]:
    """Compare the number of large objects."""
    source, target = (
        int(str(side["large objects"]["count"])) for side in Sides(context).read("large_objects")
    )
    if source != target:
        yield Finding(
            check="data.large-objects",
            severity=Severity.ERROR,
            subject="large objects",
            message=f"the target has {target} large objects, the source {source}",
            hint="Move them with `pg_dump --large-objects`; files of Storage are no large objects",
            evidence={"source": source, "target": target},
        )


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the checks of the servers."""
    return [version, settings, large_objects]
