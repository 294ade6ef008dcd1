"""`supamig init`: the first files, from options and from answers that a terminal is asked for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from supamig.cli import options
from supamig.errors import Cancelled
from supamig.questions import QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from supamig.api.beginning import FirstFile
    from supamig.cli.invocation import Invocation
    from supamig.cli.output import Output

_answers = options.together(
    *(
        click.option(question.option, question.name, metavar="ANSWER", help=f"{question.asks}.")
        for question in QUESTIONS
    )
)


@click.command(short_help="Write supamig.toml and the stack's config.")
@_answers
@click.option("--stack", metavar="NAME", default="prod", help="The stack.  [default: prod]")
@click.option("--replace", is_flag=True, help="Replace files that differ; the old ones are kept.")
@click.option("--yes", "-y", is_flag=True, help="Take what is usual, and do not ask.")
@click.option("--dry-run", is_flag=True, help="Show the files and write none.")
@options.common
@click.pass_obj
def command(
    invocation: Invocation,
    /,
    *,
    stack: str,
    replace: bool,
    yes: bool,
    dry_run: bool,
    **given: Any,  # noqa: ANN401 - click's
) -> None:
    """Ask what is not known yet, and write supamig.toml and Pulumi.STACK.yaml here.

    What supamig.toml or the environment says already is not asked again.  No answer is a secret:
    of a password it is asked where it is.  Nothing that is there is replaced without `--replace`.
    """
    from supamig import api
    from supamig.cli.output import Output

    directory = Path()
    answers = api.known_answers(directory)
    answers |= {name: answer for name, answer in given.items() if answer is not None}
    if not yes and sys.stdin.isatty():
        answers = _ask(answers)
    files = api.init(answers, directory=directory, stack=stack)
    output = Output(invocation)
    if dry_run:
        _show(output, files)
        return
    changed = [str(one.path) for one in files if one.state != "kept"]
    if changed:
        output.confirm(f"This writes {' and '.join(changed)}", yes=yes)
    paths = api.write_first_files(files, replace=replace)
    _tell(output, paths, stack)


def _ask(answers: dict[str, str]) -> dict[str, str]:
    """Ask on the terminal what is not answered, each until the answer can be."""
    found: dict[str, str] = {}
    for question in QUESTIONS:
        if not question.when(found):
            continue
        usual = question.usual(found)
        shown = f" [{usual}]" if usual else ""
        given = answers.get(question.name)
        while True:
            if given is None:
                sys.stderr.write(f"{question.asks}{shown}: ")
                sys.stderr.flush()
                line = sys.stdin.readline()
                if not line:
                    raise Cancelled("nothing was written")
                given = line.strip() or usual or ""
            try:
                found[question.name] = question.kept(given, usual)
                break
            except ValueError as error:
                sys.stderr.write(f"  it {error}\n")
                given = None
    return found


def _show(output: Output, files: Sequence[FirstFile]) -> None:
    if not output.is_text:
        output.values([{"path": str(f.path), "state": f.state, "text": f.text} for f in files])
        return
    for one in files:
        output.data(f"# {one.path} ({one.state})\n{one.text}")


def _tell(output: Output, paths: Sequence[Path], stack: str) -> None:
    if not output.is_text:
        output.values([str(path) for path in paths])
        return
    for path in paths:
        output.data(str(path))
    output.hint(
        "every file says so already" if not paths else "next: supamig keys new; supamig doctor"
    )
    if Path("Pulumi.yaml").exists():
        output.hint(f"then: pulumi stack init {stack}; pulumi preview --stack {stack}")
    else:
        output.hint("Pulumi.yaml and infra/ are not here: copy them from supamig's repository")
