"""README.md from its sources: samples that are tested files, and the detection matrix.

`python tests/meta/readme.py` writes them into README.md; the tests say when that is needed.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
SAMPLES = Path(__file__).with_name("samples")
MATRIX = ROOT / "tests" / "defects" / "defects.toml"
SAMPLE = re.compile(r"(<!-- sample: (\w+)\.py -->\n).*?(<!-- end -->)", re.DOTALL)


def rendered(text):
    """Return the text of README.md with everything that has a source as its source is now."""
    text = SAMPLE.sub(lambda found: found[1] + sample(found[2]) + found[3], text)
    for tables in TABLES:
        mark = re.compile(rf"(<!-- {tables.__name__} -->\n).*?(<!-- end -->)", re.DOTALL)
        text = mark.sub(lambda found, tables=tables: found[1] + tables() + found[2], text)
    return text


def sample(name):
    return f"```python\n{(SAMPLES / f'{name}.py').read_text()}```\n"


def commands():
    """Return the table of commands, in the words of their help."""
    import click

    from supamig.cli.group import make_commands
    from supamig.cli.invocation import Invocation

    group = make_commands()
    context = click.Context(group, obj=Invocation())
    found = {name: group.get_command(context, name) for name in group.built_in}
    rows = (f"| `supamig {name}` | {one.get_short_help_str(200)} |" for name, one in found.items())
    return "\n".join(["| command | what it does |", "|---|---|", *rows]) + "\n"


def matrix():
    """Return the table: of each check its title, and the defects that it must find."""
    from supamig.plugins import Plugins

    known = [one.validator for one in Plugins.load(entry_points=False).validators(None)]
    titles = {check.id: check.title for check in known}
    found = {}
    for defect in tomllib.loads(MATRIX.read_text())["defect"]:
        found.setdefault(defect["found"][0][0], []).append(defect["name"].replace("-", " "))
    number = sum(map(len, found.values()))
    rows = (
        f"| `{check}` | {titles[check]} | {', '.join(names)} |"
        for check, names in sorted(found.items())
    )
    lines = [
        f"{number} defects, {len(found)} checks.",
        "",
        "| check | what it compares | seeded defects that it finds |",
        "|---|---|---|",
        *rows,
    ]
    return "\n".join(lines) + "\n"


TABLES = (commands, matrix)

if __name__ == "__main__":
    README.write_text(rendered(README.read_text()))
