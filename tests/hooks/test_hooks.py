"""Every hook, called the way its plugins are promised."""

from __future__ import annotations

import logging

import click
import pytest

from supamig import hookspecs
from supamig.errors import ConfigError, PlanRefused
from supamig.models import Event, EventKind, Stage
from supamig.plugins import Plugins
from supamig.report import Reporter
from supamig.secret import Secret

EVENT = Event(kind=EventKind.NOTE, stage=Stage.EXPORT, subject="public.orders")


PIECES = """
class Piece:
    title = "A piece"

    def __init__(self, kind, after=(), replaces=""):
        self.kind, self.after, self.replaces = kind, after, replaces

    def estimate(self, inventory):
        return 0

    def export(self, source, bundle, progress):
        return "done"

    def apply(self, bundle, target, progress):
        return "done"
"""


def kinds(pieces):
    return [piece.kind for piece in pieces]


def test_every_hook_has_a_test_here():
    hooks = {name for name in vars(hookspecs) if name.startswith("supamig_")}
    tests = [name for name in globals() if name.startswith("test_hook_")]
    assert {hook for hook in hooks if not any(f"test_hook_{hook}_" in t for t in tests)} == set()


def test_hook_supamig_exporters_are_ordered_by_after_then_kind(write, load):
    write(
        "acme",
        PIECES
        + """
@hookimpl
def supamig_exporters(settings):
    yield Piece("rows", after=("schema", "not-there"))
    yield from (Piece("zebra"), Piece("schema"), Piece("ant"))
""",
    )
    assert kinds(load().exporters(None)) == ["ant", "schema", "rows", "zebra"]


def test_hook_supamig_exporters_replace_others(write, load):
    write(
        "one",
        PIECES + "\n@hookimpl\ndef supamig_exporters(settings):\n"
        "    return [Piece('rows'), Piece('after-rows', after=('rows',))]\n",
    )
    write(
        "two",
        PIECES + "\n@hookimpl\ndef supamig_exporters(settings):\n"
        "    return [Piece('rows-by-zebra', replaces='rows')]\n",
    )
    assert kinds(load().exporters(None)) == ["rows-by-zebra", "after-rows"]


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ("Piece('rows'), Piece('rows')", "two plugins hand over the kind `rows`"),
        ("Piece('a', replaces='x'), Piece('b', replaces='x')", "two plugins replace"),
        ("Piece('a', after=('b',)), Piece('b', after=('a',))", "comes after another"),
        ("Piece('a', replaces='b'), Piece('b', replaces='a')", "in a circle"),
        ("Piece('a'), 'rows'", "a str, not an Exporter"),
        ("Piece(7)", "whose kind is not text"),
        ("Piece('a', after='b')", "no tuple of text"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_hook_supamig_exporters_refuse_the_plan_when_data_could_be_missing(
    write, load, pieces, message
):
    write(
        "acme", PIECES + f"\n@hookimpl\ndef supamig_exporters(settings):\n    return [{pieces}]\n"
    )
    with pytest.raises(PlanRefused, match=message):
        load().exporters(None)


def test_hook_supamig_importers_are_ordered_and_refuse_as_exporters_do(write, load):
    write(
        "one",
        PIECES + "\n@hookimpl\ndef supamig_importers(settings):\n"
        "    return [Piece('rows', after=('schema',)), Piece('schema')]\n",
    )
    assert kinds(load().importers(None)) == ["schema", "rows"]

    write("two", "@hookimpl\ndef supamig_importers():\n    raise SystemExit(0)\n")
    with pytest.raises(PlanRefused, match="`supamig_importers` of the plugin `two`") as refused:
        load().importers(None)
    assert [finding.check for finding in refused.value.findings] == ["plugin.hook-failed"]
    assert refused.value.hint


def test_hook_supamig_validators_are_ordered_by_stage_then_id(write, load):
    write(
        "acme",
        """
        def check(id, stage):
            return Validator(id=id, title="A check", run=lambda context: [], stage=stage)

        @hookimpl
        def supamig_validators(settings):
            yield check("acme.b", Stage.VERIFY)
            yield check("acme.a", Stage.VERIFY)
            yield check("acme.z", Stage.PREFLIGHT)
        """,
    )
    plugins = load()
    checks = plugins.validators(None)
    assert [c.validator.id for c in checks] == ["acme.z", "acme.a", "acme.b"]
    assert {c.plugin for c in checks} == {"acme"}
    assert plugins.findings == []


@pytest.mark.parametrize(
    "signature",
    [
        "()",
        "(settings)",
        "(settings=None)",
        "(*, settings)",
        "(**everything)",
        "(settings, later=None)",
    ],
)
def test_hook_supamig_validators_take_the_arguments_they_name(write, load, signature):
    write(
        "acme",
        f"""
        @hookimpl
        def supamig_validators{signature}:
            given = locals().get("settings", locals().get("everything", {{}}).get("settings", "x"))
            title = "given" if given == "x" else "missing"
            return [Validator(id="acme.check", title=title, run=lambda context: [])]
        """,
    )
    plugins = load()
    assert [c.validator.title for c in plugins.validators("x")] == ["given"]
    assert plugins.findings == []


def test_hook_supamig_auth_checkers_are_checks_too(write, load):
    write(
        "acme",
        """
        @validator("acme.sign-in", title="Users sign in")
        def sign_in(context):
            return []

        @hookimpl
        def supamig_auth_checkers(settings):
            return [sign_in]
        """,
    )
    plugins = load()
    assert [c.validator.id for c in plugins.auth_checkers(None)] == ["acme.sign-in"]
    assert plugins.validators(None) == []


def test_hook_supamig_reporters_are_gathered_around_one_that_fails(write, load, caplog):
    write("one", "@hookimpl\ndef supamig_reporters():\n    raise RuntimeError('no')\n")
    write(
        "two",
        """
        class Count:
            name, suffix = "count", ".txt"

            def render(self, report):
                return f"{len(report.findings)}\\n"

        @hookimpl
        def supamig_reporters():
            return [Count(), "a reporter", Count, Count()]
        """,
    )
    plugins = load()
    assert [(reporter.name, reporter.suffix) for reporter in plugins.reporters()] == [
        ("count", ".txt")
    ]
    faults = [(finding.check, finding.message.partition("handed over ")[2])
              for finding in plugins.findings]  # fmt: skip
    assert faults == [
        ("plugin.hook-failed", ""),
        ("plugin.wrong-type", "a str, not a Reporter"),
        ("plugin.wrong-type", "a type, not a Reporter"),
        ("plugin.wrong-type", "a second reporter `count`"),
    ]
    assert len(caplog.records) == 4


def test_hook_supamig_reporters_gives_the_built_in_formats():
    formats = Plugins.load(entry_points=False).reporters()
    assert [one.name for one in formats] == ["text", "json", "junit", "html"]
    assert all(isinstance(one, Reporter) for one in formats)


def test_hook_supamig_commands_add_commands_and_take_none_away(write, load):
    write("one", "@hookimpl\ndef supamig_commands(cli):\n    raise SystemExit(4)\n")
    write(
        "two",
        """
        import click

        @hookimpl
        def supamig_commands(cli):
            cli.add_command(click.Command("fleet"))
            cli.add_command(click.Command("migrate"))
        """,
    )
    own = click.Command("migrate")
    cli = click.Group(commands=[own])
    plugins = load()
    plugins.commands(cli)
    assert set(cli.commands) == {"migrate", "fleet"}
    assert cli.commands["migrate"] is own
    assert [f.check for f in plugins.findings] == ["plugin.hook-failed", "plugin.duplicate-name"]


def test_hook_supamig_event_failures_are_logged_and_the_others_hear(write, load, caplog):
    write("one", "@hookimpl\ndef supamig_event(event):\n    raise ValueError('password=hunter2')\n")
    write(
        "two",
        """
        import pathlib

        heard = []

        @hookimpl
        def supamig_event(event):
            heard.append(event.subject)
            pathlib.Path(__file__ + ".heard").write_text(",".join(heard))
        """,
    )
    plugins = load()
    with caplog.at_level(logging.WARNING, "supamig"):
        plugins.event(EVENT)
        plugins.event(EVENT)
    assert len(caplog.messages) == 1
    assert "`supamig_event` of the plugin `one` failed" in caplog.text
    assert "(one.py:7)" in caplog.text
    assert "hunter2" not in caplog.text
    assert (write.directory / "two.py.heard").read_text() == "public.orders,public.orders"


def test_hook_supamig_secret_stops_at_the_first_that_knows_it(write, load):
    write(
        "one",
        "from supamig.secret import Secret\n@hookimpl\ndef supamig_secret(reference):\n"
        "    return Secret('from one')\n",
    )
    write(
        "two",
        "from supamig.secret import Secret\n@hookimpl\ndef supamig_secret(reference):\n"
        "    return Secret('from two') if reference.startswith('two:') else None\n",
    )
    plugins = load()
    assert plugins.secret("two:x") == Secret("from two")
    assert plugins.secret("vault:x") == Secret("from one")
    assert load(blocked=["one"]).secret("vault:x") is None


@pytest.mark.parametrize(
    "body", ["raise RuntimeError('hunter2')", "return 'hunter2'", "raise SystemExit('hunter2')"]
)
def test_hook_supamig_secret_failures_name_the_plugin_and_no_secret(write, load, body):
    write("acme", f"@hookimpl\ndef supamig_secret(reference):\n    {body}\n")
    with pytest.raises(ConfigError, match="the plugin `acme`") as error:
        load().secret("acme:x")
    assert "hunter2" not in str(error.value)


def test_hook_supamig_secret_may_speak_to_people(write, load):
    write(
        "acme",
        "from supamig.errors import ConfigError\n@hookimpl\ndef supamig_secret(reference):\n"
        "    raise ConfigError('the vault is sealed', hint='Unseal it')\n",
    )
    with pytest.raises(ConfigError, match="the vault is sealed") as error:
        load().secret("acme:x")
    assert error.value.hint == "Unseal it"
