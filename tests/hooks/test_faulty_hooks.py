"""A hook that fails, or hands over something else, costs only itself."""

from __future__ import annotations

import pytest

BODIES = [
    ("raise ValueError('password=hunter2')", "hook-failed", "ValueError: password=***"),
    ("raise SystemExit(0)", "hook-failed", "SystemExit: 0"),
    ("return 7", "wrong-type", "returned a int, which is no iterable"),
    ("return 'checks'", "wrong-type", "returned a str"),
    ("return [print]", "wrong-type", "a builtin_function_or_method, not a Validator"),
    ("return iter(int, 1)", "wrong-type", "more than 10,000 objects"),
    ("return [Validator(id='Bad Id', title='', run=print)]", "hook-failed", "is not a check id"),
    ("return [Validator(id='a.b', title=7, run=print)]", "wrong-type", "title"),
    ("return [Validator(id='a.b', title='', run=7)]", "wrong-type", "no function to run"),
    ("return [Validator(id='a.b', title='', run=print, stage='verify')]", "wrong-type", "stage"),
    ("return [Validator(id='a.b', title='', run=print, timeout=0)]", "wrong-type", "timeout"),
    ("return [Validator(id='a.b', title='', run=print, timeout='1')]", "wrong-type", "timeout"),
    ("return [Validator(id='a.b', title='', run=print, needs='target')]", "wrong-type", "needs"),
]


@pytest.mark.parametrize(("body", "kind", "said"), BODIES)
def test_a_hook_that_fails_is_a_finding(*, write, load, one_check, body, kind, said):
    write("faulty", f"@hookimpl\ndef supamig_validators(settings):\n    {body}\n")
    write("good", one_check("good"))
    plugins = load()
    assert [c.validator.id for c in plugins.validators(None)] == ["good.check"]
    [finding] = plugins.findings
    assert finding.check == f"plugin.{kind}"
    assert finding.subject == "faulty:supamig_validators"
    assert said in finding.message
    assert "the plugin `faulty`" in finding.message


def test_a_coroutine_is_a_finding_and_no_warning(write, load):
    write("acme", "@hookimpl\nasync def supamig_validators(settings):\n    return []\n")
    plugins = load()
    assert plugins.validators(None) == []
    assert "returned a coroutine" in plugins.findings[0].message


def test_returning_none_is_handing_over_nothing(write, load):
    write("acme", "@hookimpl\ndef supamig_validators(settings):\n    pass\n")
    plugins = load()
    assert plugins.validators(None) == []
    assert plugins.findings == []


def test_a_check_id_belongs_to_whoever_came_first(write, load, one_check):
    write("one", one_check("acme"))
    write("two", one_check("acme"))
    plugins = load()
    assert [(c.validator.id, c.plugin) for c in plugins.validators(None)] == [("acme.check", "one")]
    [finding] = plugins.findings
    assert (finding.check, finding.subject) == ("plugin.duplicate-check", "acme.check")
    assert "`two` exists in `one`" in finding.message


@pytest.mark.parametrize("name", ["plugin", "supamig"])
def test_a_reserved_check_id_is_refused(write, load, one_check, name):
    write("acme", one_check(name))
    plugins = load()
    assert plugins.validators(None) == []
    assert [f.check for f in plugins.findings] == ["plugin.duplicate-check"]


def test_asking_twice_finds_once(write, load):
    write("acme", "@hookimpl\ndef supamig_validators(settings):\n    raise ValueError('no')\n")
    plugins = load()
    plugins.validators(None)
    plugins.validators(None)
    assert len(plugins.findings) == 1


def test_ctrl_c_is_never_taken_for_a_fault_of_a_plugin(write, load):
    write("acme", "@hookimpl\ndef supamig_validators(settings):\n    raise KeyboardInterrupt\n")
    plugins = load()
    with pytest.raises(KeyboardInterrupt):
        plugins.validators(None)
