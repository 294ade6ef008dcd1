"""`supamig scan`: what applications use of Supabase, with file and line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from supamig.cli import options

if TYPE_CHECKING:
    from supamig.cli.invocation import Invocation
    from supamig.cli.output import Output
    from supamig.scanning import Scan
    from supamig.scanning.answers import Answer


@click.command(short_help="Say which features of Supabase an application uses.")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@click.option("--evidence", is_flag=True, help="List every call, not only the most.")
@options.common
@click.pass_obj
def command(invocation: Invocation, /, *, paths: tuple[Path, ...], evidence: bool) -> int:
    """Read the source of applications: Python, JavaScript, TypeScript, Dart, SQL, .env files.

    Without a PATH it is the `paths` of the table `[application]`.  Nothing is run.  Exit code 1
    means that a key stands in the source which no file should hold.
    """
    from supamig import api
    from supamig.cli.output import Output
    from supamig.errors import ExitCode
    from supamig.models import Severity
    from supamig.scanning.answers import as_json, findings

    found = api.scan(invocation.settings({}), paths)
    output = Output(invocation)
    if output.is_text:
        _show(output, found, evidence=evidence)
    else:
        output.values(as_json(found))
    is_bad = any(finding.severity is Severity.ERROR for finding in findings(found))
    return ExitCode.FINDINGS if is_bad else ExitCode.OK


def _show(output: Output, found: Scan, *, evidence: bool) -> None:
    from supamig.scanning.answers import LABELS, answers, findings

    root = f"{found.paths[0]}/" if len(found.paths) == 1 else ""
    rows = [
        (LABELS[one.feature], one.used, _where(one, root), str(one.calls or ""))
        for one in answers(found)
    ]
    output.table(("Feature", "Used", "Where", "Calls"), rows)
    output.data("")
    for label, names in _named(found):
        if names:
            output.data(f"{label}: {', '.join(names)}")
    for one in found.variables:
        output.data(f"{one.path}:{one.line}: `{one.name}` holds {one.holds}")
    if found.leave_out:
        output.data(f"Services that nothing here needs: {', '.join(found.leave_out)}")
    for use in found.uses if evidence else ():
        sign = "an address" if use.call.startswith("/") else "the name of its client"
        guess = f"  (by {sign})" if use.inferred else ""
        output.data(f"{use.path}:{use.line}: {use.feature}: {use.call}{guess}")
    for finding in findings(found):
        output.data(f"{finding.severity}: {finding.message}")
        if finding.hint:
            output.data(f"  hint: {finding.hint}")
    output.hint(f"{found.files} files, {found.parsed} of them parsed, {found.ignored} ignored")


def _where(answer: Answer, root: str) -> str:
    more = answer.files - len(answer.where)
    places = ", ".join(place.removeprefix(root) for place in answer.where)
    return places + (f" and {more} more" if more > 0 else "")


def _named(found: Scan) -> list[tuple[str, list[str]]]:
    from supamig.scanning import Subject

    labels = {
        "Tables": Subject.TABLE,
        "Functions called": Subject.FUNCTION,
        "Buckets": Subject.BUCKET,
        "Channels": Subject.CHANNEL,
        "Edge functions": Subject.EDGE_FUNCTION,
    }
    return [
        (label, [f"{schema}.{name}" if schema else name for schema, name in found.names(subject)])
        for label, subject in labels.items()
    ]
