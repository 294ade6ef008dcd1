"""The check on fake sides, on a real server, and installed as a plugin."""

from __future__ import annotations

import pytest
import supamig_expected_counts as module

from supamig import Settings
from supamig.models import Outcome
from supamig.plugins import Plugins
from supamig.runner import Opened, run_check
from supamig.testing.fakes import FakeSide, fake_context


@pytest.fixture
def judge(tmp_path):
    """Run the check with these promises on a target with these counts."""

    def judge(text, counts=None, *, target=None, file="promises.toml"):
        path = tmp_path / file
        if text is not None:
            path.write_text(text, encoding="utf-8")
        counts = counts or {}
        target = target or FakeSide(label="target", answers=answers(path, counts))
        context = fake_context(target=target, options={"file": str(path)})
        return run_check(
            module.expected_counts,
            make_context=lambda validator, cancelled: Opened(context, lambda: None, lambda: None),
        )

    return judge


def answers(path, counts):
    """Answer both queries as a server with exactly these tables would."""
    try:
        promises = [p for p in module.read(path) if (p.schema, p.table) in counts]
    except module.NotPromisesError:
        return {}
    query = " union all ".join(
        f'select {number}, count(*) from "{p.schema}"."{p.table}"'
        for number, p in enumerate(promises)
    )
    rows = [(number, counts[p.schema, p.table]) for number, p in enumerate(promises)]
    return {module._PRESENT: list(counts), query: rows}


def test_promises_that_are_kept_are_no_finding(judge):
    text = 'agent_registry = 11\n"public.orders" = 1204\nauth.users = ">= 6"\n[audit]\ne = "< 5"\n'
    counts = {("public", "agent_registry"): 11, ("public", "orders"): 1204,
              ("auth", "users"): 6, ("audit", "e"): 4}  # fmt: skip
    result = judge(text, counts)
    assert (result.outcome, result.findings) == (Outcome.PASSED, ())


def test_a_promise_that_is_broken_names_table_promised_and_found(judge):
    result = judge("orders = 1204", {("public", "orders"): 1203})
    assert result.outcome is Outcome.FAILED
    [finding] = result.findings
    assert finding.subject == "public.orders"
    assert finding.message == "`public.orders` has 1,203 rows on the target, promised: 1,204"
    assert finding.evidence == {"promised": "1,204", "found": 1203}
    assert finding.hint


def test_a_table_that_is_not_there(judge):
    [finding] = judge("gone = 1\nhere = 2", {("public", "here"): 2}).findings
    assert finding.subject == "public.gone"
    assert "is not on the target" in finding.message


@pytest.mark.parametrize(
    ("promised", "rows", "kept"),
    [("10", 10, True), ('">= 10"', 10, True), ('">= 10"', 9, False), ('">10"', 10, False),
     ('"> 10"', 11, True), ('"<= 10"', 11, False), ('"< 10"', 9, True), ('"10"', 10, True),
     ("0", 0, True), ("0", 1, False)],
)  # fmt: skip
def test_every_comparison(judge, promised, rows, kept):
    assert (judge(f"t = {promised}", {("public", "t"): rows}).findings == ()) is kept


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read: No such file"),
        ("orders = ", "is not TOML"),
        ("orders = >= 10", "is not TOML"),
        ("orders = true", "promises True rows of `public.orders`"),
        ("orders = -1", "promises -1 rows"),
        ("orders = 1.5", "promises 1.5 rows"),
        ('orders = "many"', "promises 'many' rows"),
        ("orders = 1\n[public]\norders = 2", "promises `public.orders` twice"),
        ("a.b.c = 1", "promises {'c': 1} rows of `a.b`"),
        ("# nothing", "no row counts are promised"),
    ],
)
def test_a_file_without_usable_promises_is_one_finding(judge, text, said):
    result = judge(text)
    assert result.outcome is Outcome.FAILED
    [finding] = result.findings
    assert said in finding.message
    assert finding.hint


def test_a_directory_in_the_place_of_a_file(judge, tmp_path):
    (tmp_path / "dir").mkdir()
    [finding] = judge(None, file="dir").findings
    assert "cannot be read" in finding.message


def test_the_installed_plugin_hands_over_its_check_where_it_is_configured():
    plugins = Plugins.load(builtins=(), only=["expected-counts"])
    assert [(r.name, r.origin) for r in plugins.records] == [
        ("expected-counts", "supamig-expected-counts")
    ]
    assert plugins.validators(Settings()) == []
    configured = Settings(plugin_options={"expected-counts": {"file": "promises.toml"}})
    [check] = plugins.validators(configured)
    assert (check.validator.id, check.plugin) == (module.CHECK, "expected-counts")
    assert plugins.findings == []


def test_on_a_real_server(judge, pg_pair, fresh_database):
    from supamig.postgres import Server
    from supamig.sides import Live, Memory

    database = fresh_database(pg_pair[1])
    with database.connect() as connection:
        connection.execute('create schema "we ird"')
        connection.execute('create table "we ird"."a.""b" as select generate_series(1, 7)')
        connection.execute("create table orders as select generate_series(1, 3) as id")
        connection.execute("create view few as select * from orders where id < 3")
    server = Server(database.dsn)
    try:
        target = Live(server, Memory(), timeout=10)
        text = 'orders = 4\nfew = 2\ngone = 1\n"we ird"."a.\\"b" = ">= 7"\n'
        result = judge(text, target=target)
    finally:
        server.close()
    assert [(f.subject, f.evidence.get("found")) for f in result.findings] == [
        ("public.gone", None),
        ("public.orders", 3),
    ]
