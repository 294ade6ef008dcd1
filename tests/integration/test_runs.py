"""Where a run stands: what a plan has left, what status says, which finished move is whose."""

from __future__ import annotations

from dataclasses import replace

import pytest

from supamig import Settings, api, export, import_bundle, migrate
from supamig.errors import CannotResume, Refused, TargetNotEmpty
from supamig.models import EventKind, Verdict
from supamig.testing.sample import install

pytestmark = [pytest.mark.pg, pytest.mark.timeout(180)]


@pytest.fixture
def servers(pg_pair, fresh_database):
    """A project with users and no application, another one, and an empty deployment."""
    made = [fresh_database(pg_pair[number]) for number in (0, 0, 1)]
    for database, flavour in zip(made, ("cloud", "cloud", "self-hosted"), strict=True):
        install(database.dsn, flavour=flavour, application=False)
    with made[0].connect() as session:
        session.execute("create table public.notes as select generate_series(1, 9) as id")
    return made


@pytest.fixture
def settings(servers, tmp_path):
    return Settings(
        source=servers[0].dsn,
        target=servers[2].dsn,
        load_plugins=(),
        state_dir=tmp_path / "state",
        backups_dir=tmp_path,
    )


class Stopped(Exception):  # noqa: N818 - what a person does with Ctrl-C
    pass


def stop_at(step):
    def observer(event):
        if event.kind is EventKind.STEP_STARTED and event.step == step:
            raise Stopped

    return observer


def ids(plan):
    return [step.id for step in plan.steps]


def test_the_plan_of_an_export_needs_no_target(settings):
    plan = api.plan(replace(settings, target=None))
    assert ids(plan)[-1] == "export.rows"
    assert {step.stage for step in plan.steps} == {"export"}


def test_the_plan_of_an_import_has_no_export(settings):
    bundle, _ = export(settings)
    plan = api.plan(replace(settings, source=None), bundle=bundle)
    assert {step.stage for step in plan.steps} == {"import"}


def test_a_stopped_run_is_planned_and_told_as_far_as_it_is(settings):
    whole = api.plan(settings)
    with pytest.raises(Stopped):
        migrate(settings, observer=stop_at("import.rows"))
    left = api.plan(settings)
    assert ids(left) == ids(whole)[ids(whole).index("import.rows") :]
    assert ids(api.plan(settings, fresh=True)) == ids(whole)
    (run,) = api.status(settings)
    assert (run.state, run.steps) == ("unfinished", len(whole.steps))
    assert len(run.steps_done) == len(whole.steps) - len(left.steps)
    with pytest.raises(CannotResume):
        api.plan(replace(settings, method="pg_dump"))

    report = migrate(settings)
    assert (report.verdict, report.earlier) == (Verdict.PASSED, False)
    assert ids(api.plan(settings)) == []
    again = migrate(settings)
    assert (again.run_id, again.verdict, again.earlier) == (report.run_id, report.verdict, True)


def test_a_finished_move_is_not_taken_for_that_of_another_source(settings, servers):
    migrate(settings)
    other = replace(settings, source=servers[1].dsn)
    with pytest.raises(TargetNotEmpty):
        migrate(other)
    with pytest.raises(TargetNotEmpty):
        api.plan(other)
    bundle, _ = export(other)
    with pytest.raises(TargetNotEmpty):
        import_bundle(other, bundle)


def test_what_was_written_since_is_discarded_only_when_asked(settings, servers):
    migrate(settings)
    with servers[2].connect() as session:
        session.execute("insert into public.notes values (10)")
    with pytest.raises(Refused, match="rows of 1 table changed"):
        migrate(settings, fresh=True)
    report = migrate(replace(settings, discard_changes=True), fresh=True)
    assert (report.verdict, report.earlier) == (Verdict.PASSED, False)


def test_checks_are_those_that_the_settings_choose(settings):
    chosen = api.checks(replace(settings, select=("rows", "schema.t"), ignore=("rows.count",)))
    assert [check.id for check in chosen] == [
        "rows.digest", "schema.tables", "schema.triggers", "schema.types",
    ]  # fmt: skip
