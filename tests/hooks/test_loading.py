"""A plugin that cannot be loaded costs only itself."""

from __future__ import annotations

import sys

import pytest

from supamig import plugins as module
from supamig.errors import ConfigError
from supamig.models import Severity
from supamig.plugins import PluginStatus


def statuses(plugins):
    return {record.name: str(record.status) for record in plugins.records}


def ids(plugins):
    return [check.validator.id for check in plugins.validators(None)]


@pytest.mark.parametrize(
    ("text", "check", "said", "hint"),
    [
        ("import not_there", "import-failed", "ModuleNotFoundError: No module named", "Mend"),
        ("def (", "import-failed", "SyntaxError: ", "Mend"),
        ("raise SystemExit(3)", "import-failed", "SystemExit: 3 (faulty.py:5)", "Mend"),
        ("raise RecursionError", "import-failed", "RecursionError (faulty.py:5)", "Mend"),
        ("\0", "import-failed", "null bytes", "Mend"),
        (
            "@hookimpl\ndef supamig_validatorz(settings):\n    return []",
            "unknown-hook",
            "implements `supamig_validatorz`",
            "Did you mean `supamig_validators`?",
        ),
        (
            "@hookimpl\ndef supamig_validators(setings):\n    return []",
            "wrong-argument",
            "has `setings` among the arguments of `supamig_validators`",
            "Did you mean `settings`?",
        ),
        (
            "@hookimpl\ndef supamig_event(evt, /):\n    return []",
            "wrong-argument",
            "has `evt` among the arguments",
            "",
        ),
        (
            "@hookimpl\ndef supamig_event(event, /):\n    return []",
            "wrong-argument",
            "by position only",
            "Remove",
        ),
        (
            "@hookimpl(wrapper=True)\ndef supamig_validators(settings):\n    return (yield)",
            "wrong-type",
            "wraps `supamig_validators`",
            "plain hook",
        ),
    ],
)
def test_a_plugin_that_does_not_load(*, write, load, one_check, text, check, said, hint):
    write("faulty", text)
    write("good", one_check("good"))
    plugins = load()
    assert statuses(plugins) == {"faulty": "failed", "good": "loaded"}
    assert ids(plugins) == ["good.check"]
    [finding] = plugins.findings
    assert finding.check == f"plugin.{check}"
    assert finding.severity is Severity.ERROR
    assert finding.subject == "faulty"
    assert "the plugin `faulty`" in finding.message
    assert said in finding.message
    assert hint in finding.hint


def test_one_wrong_hook_refuses_the_whole_plugin(write, load, one_check):
    write(
        "acme",
        one_check("acme") + "\n        @hookimpl\n        def supamig_events(event):\n"
        "            pass\n",
    )
    plugins = load()
    assert ids(plugins) == []
    assert [f.check for f in plugins.findings] == ["plugin.unknown-hook"]


def test_the_second_plugin_of_a_name_is_not_loaded(write, load, one_check, tmp_path):
    write("acme", one_check("acme"))
    other = tmp_path / "other"
    other.mkdir()
    (other / "acme.py").write_text((write.directory / "acme.py").read_text())
    plugins = load(plugins_dirs=[write.directory, other])
    assert [r.status for r in plugins.records] == [PluginStatus.LOADED, PluginStatus.FAILED]
    [finding] = plugins.findings
    assert finding.check == "plugin.duplicate-name"
    assert str(other) in finding.message
    assert ids(plugins) == ["acme.check"]


@pytest.mark.parametrize("name", ["supamig", "plugin", "plugins"])
def test_a_reserved_name_is_not_loaded(write, load, one_check, name):
    write(name, one_check("acme"))
    plugins = load()
    assert [f.check for f in plugins.findings] == ["plugin.duplicate-name"]
    assert ids(plugins) == []


def test_a_blocked_plugin_is_not_even_imported(write, load):
    write("acme", "raise SystemExit(1)")
    plugins = load(blocked=["acme"])
    assert statuses(plugins) == {"acme": "blocked"}
    assert plugins.findings == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def supamig_validators(settings):\n    return []", "without `@hookimpl`"),
        ("x = 1", "implements no hook"),
    ],
)
def test_a_plugin_that_would_do_nothing_is_pointed_out(write, load, text, said):
    write("acme", text)
    [finding] = load().findings
    assert (finding.check, finding.severity) == ("plugin.no-hooks", Severity.WARNING)
    assert said in finding.message


def test_files_leave_no_trace(write, load, one_check):
    write("acme", one_check("acme"))
    write("_shared", "raise RuntimeError('never imported')")
    path, modules = list(sys.path), set(sys.modules)
    plugins = load()
    assert statuses(plugins) == {"acme": "loaded"}
    assert sys.path == path
    [new] = {name for name in set(sys.modules) - modules if "acme" in name}
    assert new.startswith("supamig_plugin_acme_")
    assert [p.name for p in write.directory.iterdir() if p.is_dir()] == []


def test_a_file_that_was_edited_is_read_again(write, load, one_check):
    write("acme", one_check("one"))
    assert ids(load()) == ["one.check"]
    write("acme", one_check("two"))
    assert ids(load()) == ["two.check"]


def test_a_file_may_define_dataclasses(write, load):
    write(
        "acme",
        "import dataclasses\n@dataclasses.dataclass\nclass Options:\n"
        "    name: str = 'x'\n    suffix: 'str' = '.x'\n    render: object = str\n"
        "@hookimpl\ndef supamig_reporters():\n    return [Options()]\n",
    )
    assert len(load().reporters()) == 1


def test_a_directory_that_is_not_there_is_a_usage_error(load, tmp_path):
    with pytest.raises(ConfigError, match="No such file") as error:
        load(plugins_dirs=[tmp_path / "nowhere"])
    assert "--plugins-dir" in error.value.hint


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a distribution with one entry point on the path, as pip would."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def install(name, target, text=None, version="1.2"):
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[supamig]\n{name} = {target}\n")
        if text is not None:
            (site / f"{target.partition(':')[0]}.py").write_text(text)

    return install


HOOK = """
from supamig.hookspecs import hookimpl
from supamig.protocols import Validator

@hookimpl
def supamig_validators():
    return [Validator(id="{name}.check", title="A check", run=lambda context: [])]
"""


def installed(plugins):
    return {
        r.name: (r.version, r.origin, str(r.status))
        for r in plugins.records
        if r.name.startswith("zz-")
    }


def test_installed_plugins_load_around_broken_ones(install, load):
    install("zz-good", "zz_good_module", HOOK.format(name="zz-good"))
    install("zz-broken", "zz_not_there")
    install("zz-exits", "zz_exits_module", "raise SystemExit(0)")
    install("zz-nothing", "zz_good_module:not_there")
    plugins = load(entry_points=True)
    assert installed(plugins) == {
        "zz-broken": ("1.2", "zz-broken", "failed"),
        "zz-exits": ("1.2", "zz-exits", "failed"),
        "zz-good": ("1.2", "zz-good", "loaded"),
        "zz-nothing": ("1.2", "zz-nothing", "failed"),
    }
    assert "zz-good.check" in ids(plugins)
    failed = {f.subject for f in plugins.findings if f.check == "plugin.import-failed"}
    assert failed >= {"zz-broken", "zz-exits", "zz-nothing"}


def test_an_entry_point_that_names_a_class_or_nothing(install, load):
    install("zz-class", "zz_class_module:Plugin", "class Plugin:\n    pass\n")
    install("zz-none", "zz_none_module:plugin", "plugin = None\n")
    plugins = load(entry_points=True)
    wrong = {f.subject for f in plugins.findings if f.check == "plugin.wrong-type"}
    assert wrong == {"zz-class", "zz-none"}


def test_an_object_with_hooks_is_a_plugin(install, load):
    text = HOOK.format(name="zz-object").replace(
        "@hookimpl\ndef supamig_validators():\n    return",
        "class Plugin:\n  @hookimpl\n  def supamig_validators(self):\n    return",
    )
    install("zz-object", "zz_object_module:plugin", text + "\nplugin = Plugin()\n")
    assert "zz-object.check" in ids(load(entry_points=True))


def test_one_module_under_two_names_is_loaded_once(install, load):
    install("zz-one", "zz_twice_module", HOOK.format(name="zz-one"))
    install("zz-two", "zz_twice_module")
    plugins = load(entry_points=True)
    assert {n: s[2] for n, s in installed(plugins).items()} == {
        "zz-one": "loaded",
        "zz-two": "failed",
    }
    assert [f.check for f in plugins.findings if f.subject == "zz-two"] == ["plugin.duplicate-name"]


def test_only_the_named_entry_points_are_loaded(install, load):
    install("zz-one", "zz_one_module", HOOK.format(name="zz-one"))
    install("zz-two", "zz_two_module", HOOK.format(name="zz-two"))
    plugins = load(entry_points=True, only=["zz-two", "zz-absent"])
    assert set(installed(plugins)) == {"zz-two"}
    [finding] = plugins.findings
    assert (finding.check, finding.subject) == ("plugin.import-failed", "zz-absent")
    assert installed(load(entry_points=True, only=[])) == {}
    assert installed(load(entry_points=False)) == {}


def builtin(tmp_path, monkeypatch, name, **files):
    package = tmp_path / name
    package.mkdir()
    for file, text in ({"__init__": ""} | files).items():
        (package / f"{file}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))


def test_builtins_are_modules_of_packages_and_come_first(write, load, tmp_path, monkeypatch):
    builtin(
        tmp_path,
        monkeypatch,
        "zz_builtin",
        rows=HOOK.format(name="rows"),
        shared="x = 1",
        broken="import zz_not_there_either",
    )
    write("acme", HOOK.format(name="rows"), head="")
    write("copy", HOOK.format(name="copy").replace("copy.check", "acme.check"), head="")
    plugins = load(builtins=["zz_builtin"], version="9.9")
    records = {r.name: (r.version, r.origin, str(r.status)) for r in plugins.records}
    assert records["zz_builtin.rows"] == ("9.9", "built-in", "loaded")
    assert records["zz_builtin.broken"][2] == "failed"
    assert "zz_builtin.shared" not in records
    checks = {c.validator.id: c.plugin for c in plugins.validators(None)}
    assert checks == {"rows.check": "zz_builtin.rows", "acme.check": "copy"}
    assert {f.check for f in plugins.findings} == {"plugin.import-failed", "plugin.duplicate-check"}


def test_nothing_is_global():
    managers = [name for name, value in vars(module).items() if "PluginManager" in repr(value)]
    assert managers == []
