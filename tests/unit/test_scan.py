"""`supamig scan` on small applications of every language: a golden table, and what is no use.

`python tests/unit/test_scan.py` writes the table anew; read the difference before it is committed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supamig.errors import ToolMissing, UsageError
from supamig.models import Severity
from supamig.scanning import Feature, Subject, grammars, scan, scanner
from supamig.scanning.answers import answers, findings
from supamig.scanning.files import LARGEST
from supamig.scanning.looking import Task, look
from supamig.scanning.sql import words_of

HERE = Path(__file__).with_name("applications")
GOLDEN = HERE / "expected.txt"
REF = "abcdefghijklmnopqrst"


def lines(found):
    return [
        f"{use.path}:{use.line} {use.feature} {use.call}"
        + (f" {use.subject} {'.'.join(filter(None, (use.schema, use.name)))}" if use.name else "")
        + (" by name" if use.inferred else "")
        for use in found.uses
    ]


@pytest.fixture
def application(tmp_path, monkeypatch):
    """Write files and scan them."""
    monkeypatch.chdir(tmp_path)

    def make(**files):
        for name, content in files.items():
            path = tmp_path / name.replace("__", "/").replace("_DOT_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return scan(["."])

    return make


PYTHON = 'from supabase import create_client\ncreate_client("u", "k").table("t").select()\n'


def test_every_application_uses_what_the_table_says(monkeypatch):
    monkeypatch.chdir(HERE)
    assert lines(scan(["."])) == GOLDEN.read_text().splitlines()


@pytest.mark.parametrize("name", sorted(path.name for path in HERE.iterdir() if path.is_dir()))
def test_an_application_alone_uses_the_same(name, monkeypatch):
    monkeypatch.chdir(HERE)
    expected = [one for one in GOLDEN.read_text().splitlines() if one.startswith(f"{name}/")]
    assert lines(scan([name])) == expected


def test_comments_texts_fakes_and_strangers_are_no_evidence(monkeypatch):
    monkeypatch.chdir(HERE)
    found = scan(["negatives"])
    assert found.parsed == 3
    assert lines(found) == []
    assert found.addresses == ()
    assert found.leave_out == ("storage", "imgproxy", "realtime", "functions")


def test_keys_are_named_by_kind_and_never_shown(monkeypatch):
    monkeypatch.chdir(HERE)
    found = scan(["."])
    told = [(one.path, one.line, str(one.kind), one.project_ref) for one in found.keys]
    assert told == [
        ("node/angular.ts", 8, "publishable key", ""),
        ("node/client.js", 2, "service role key", REF),
        ("python/app/services/direct.py", 4, "database password", REF),
    ]
    for secret in ("sb_publishable_0123", "eyJpc3Mi", "secretsecret", "not a key"):
        assert secret not in repr(found)
    severities = {one.subject: one.severity for one in findings(found) if "key" in one.check}
    assert severities["node/client.js:2"] is Severity.ERROR
    assert severities["node/angular.ts:8"] is Severity.WARNING


def test_addresses_of_projects_are_found_where_they_are_written(monkeypatch):
    monkeypatch.chdir(HERE)
    told = {(one.path, one.line, one.url, one.project_ref) for one in scan(["."]).addresses}
    assert told == {
        ("database/migrations/1_start.sql", 9, f"https://{REF}.supabase.co", REF),
        ("flutter/lib/main.dart", 8, f"https://{REF}.supabase.co", REF),
        ("node/client.js", 3, f"https://{REF}.supabase.co", REF),
        (
            *("python/app/services/direct.py", 4),
            *("postgresql://aws-0-eu-central-1.pooler.supabase.com:6543", REF),
        ),
    }


def test_environment_files_give_names_and_hosts_only(monkeypatch):
    monkeypatch.chdir(HERE)
    told = [(one.line, one.name, one.holds) for one in scan(["python"]).variables]
    assert told == [
        (2, "SUPABASE_URL", f"https://{REF}.supabase.co"),
        (4, "SUPABASE_KEY", "another value"),
        (5, "DATABASE_URL", f"connection string of db.{REF}.supabase.co:5432"),
    ]


def test_what_is_heavily_used_and_what_is_not(application):
    rows = "\n".join(f'db.table("t{n}").select("*").execute()' for n in range(10))
    found = application(
        app_DOT_py=f'from supabase import create_client\ndb = create_client("u", "k")\n{rows}\n'
        "db.auth.sign_out()\n",
        guess_DOT_js="export const f = (supabase) => supabase.channel('a').subscribe()\n",
    )
    used = {one.feature: one.used for one in answers(found)}
    assert used[Feature.REST] == "heavily"
    assert used[Feature.AUTH] == "yes"
    assert used[Feature.REALTIME] == "perhaps"
    assert used[Feature.STORAGE] == used[Feature.CRON] == "no"
    assert found.leave_out == ("storage", "imgproxy", "functions")
    assert found.names(Subject.TABLE)[:2] == (("", "t0"), ("", "t1"))


def test_images_that_are_resized_need_imgproxy(application):
    made = "import { createClient } from '@supabase/supabase-js'\nconst s = createClient()\n"
    url = "s.storage.from('a').getPublicUrl('b'"
    resized = application(a_DOT_js=f"{made}{url}, {{ transform: {{ width: 1 }} }})\n")
    assert resized.leave_out == ("realtime", "functions")
    plain = application(a_DOT_js=f"{made}{url})\n")
    assert plain.leave_out == ("imgproxy", "realtime", "functions")


def test_services_that_only_addresses_name_are_not_left_out(application):
    sql = "select net.http_post(url := 'https://api.example.org/functions/v1/tell');"
    found = application(jobs_DOT_sql=sql, a_DOT_js="fetch(`${base}/storage/v1/render/image/x`)")
    assert found.leave_out == ("realtime",)
    assert {one.feature: one.used for one in answers(found)}[Feature.FUNCTIONS] == "perhaps"


def test_a_wrapper_is_followed_through_files_that_never_say_supabase(application):
    found = application(
        lib__db_DOT_ts="import { createClient } from '@supabase/supabase-js'\n"
        "export const db = createClient('u', 'k')\n",
        lib__store_DOT_ts="import { db } from './db'\nexport const store = { rows: db }\n",
        lib__again_DOT_ts="export { store as again } from './store'\n",
        app_DOT_ts="import { again } from './lib/again'\nagain.rows.from('far').select()\n",
        other_DOT_ts="const again = { rows: { from() {} } }\nagain.rows.from('near')\n",
    )
    assert lines(found)[0] == "app.ts:2 postgrest from('far').select() table far"
    assert len(lines(found)) == 2


def test_files_that_export_and_call_each_other_end(application):
    found = application(
        a_DOT_ts="export * from './b'\nimport { loop } from './b'\n"
        "export const other = () => loop()\n",
        b_DOT_ts="export * from './a'\nimport { other, nowhere } from './a'\n"
        "export const loop = () => other()\nnowhere.supabase.from('a').select()\n",
        c_DOT_py="from d import *\nsupabase.table('a').select()\n",
        d_DOT_py="from c import *\n# supabase\n",
    )
    assert [one for one in lines(found) if "by name" not in one] == []


# what is not read


@pytest.mark.parametrize(
    "place",
    [
        *(".git", "node_modules/p", "dist", "build", ".venv/lib", "a/__pycache__", ".next"),
        "env/lib",
    ],
)
def test_what_others_wrote_is_ignored(place, application, tmp_path):
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "pyvenv.cfg").touch()
    folder = tmp_path / place
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "x.py").write_text(PYTHON)
    found = application(app_DOT_py=PYTHON)
    assert {use.path for use in found.uses} == {"app.py"}
    assert found.ignored >= 1


def test_large_files_and_bundles_are_ignored(application):
    statement = "const s=require('@supabase/supabase-js').createClient();s.from('a').select();"
    found = application(
        large_DOT_js="// supabase\n" * (LARGEST // 10),
        bundle_DOT_js=statement * 300,
        page_DOT_min_DOT_js=statement,
        app_DOT_js=statement,
    )
    assert {use.path for use in found.uses} == {"app.js"}
    assert (found.files, found.ignored) == (1, 3)


def test_links_that_lead_back_end(application, tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "itself").symlink_to("itself")
    (tmp_path / "nowhere.py").symlink_to("gone.py")
    found = application(app_DOT_py=PYTHON)
    assert lines(found) == [
        "app.py:2 client create_client()",
        "app.py:2 postgrest table('t').select() table t",
    ]
    assert [(one.path, one.reason) for one in found.problems] == [
        ("itself", "cannot be read: too many levels of symbolic links"),
        ("nowhere.py", "leads nowhere: a broken link"),
    ]


def test_files_that_are_not_utf8_are_read_and_reported(application):
    found = application(
        latin_DOT_py=b'name = "caf\xe9"\n' + PYTHON.encode(), wide_DOT_py=PYTHON.encode("utf-16")
    )
    assert {use.path for use in found.uses} == {"latin.py", "wide.py"}
    assert [(one.path, one.line) for one in found.problems] == [("latin.py", 1)]
    assert findings(found)[0].severity is Severity.INFO


def test_unreadable_files_are_named_and_the_rest_is_read(application, tmp_path, monkeypatch):
    (tmp_path / "closed.py").write_text(PYTHON)
    (tmp_path / "closed.py").chmod(0)
    if os.access(tmp_path / "closed.py", os.R_OK):  # root reads everything
        (tmp_path / "closed.py").unlink()
        monkeypatch.setattr(
            "builtins.open", _refusing(tmp_path.joinpath("closed.py").name, original=open)
        )
        (tmp_path / "closed.py").write_text(PYTHON)
    found = application(app_DOT_py=PYTHON)
    assert {use.path for use in found.uses} == {"app.py"}
    assert [(one.path, one.reason) for one in found.problems] == [
        ("closed.py", "cannot be read: permission denied")
    ]


def _refusing(name, *, original):
    def opened(path, *arguments, **options):
        if str(path).endswith(name):
            raise PermissionError(13, "Permission denied")
        return original(path, *arguments, **options)

    return opened


def test_a_syntax_error_is_named_and_what_stands_before_it_is_read(application):
    found = application(broken_DOT_py=PYTHON + "def (:\n", broken_DOT_js="const a = (supabase\n")
    assert lines(found)[1] == "broken.py:2 postgrest table('t').select() table t"
    assert [(one.path, one.line) for one in found.problems] == [("broken.js", 1), ("broken.py", 3)]
    assert {one.severity for one in findings(found)} == {Severity.WARNING}


def test_a_file_that_nests_without_end_is_named(application):
    found = application(deep_DOT_py="supabase = " + "f(" * 5_000 + ")" * 5_000 + "\n")
    assert "nests too deep" in found.problems[0].reason


def test_a_path_that_is_not_there_is_a_mistake(tmp_path):
    with pytest.raises(UsageError, match="cannot be scanned: No such file"):
        scan([tmp_path / "nowhere"])


def test_without_the_parsers_the_hint_names_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tree_sitter_python", None)
    grammars.parser.cache_clear()
    with pytest.raises(ToolMissing, match="tree_sitter_python is missing") as raised:
        scan([tmp_path])
    assert "supamig[scan]" in raised.value.hint
    monkeypatch.undo()
    grammars.parser.cache_clear()


@pytest.mark.timeout(120)
def test_many_processes_find_the_same(application, monkeypatch):
    files = {f"p{n}_DOT_py": f"# {n}\n{PYTHON}" for n in range(20)}
    alone = application(**files)
    monkeypatch.setattr(scanner, "_MANY", 10)
    assert scan(["."], jobs=2) == alone


# nothing that a file holds is an error

LANGUAGES = [
    *("python", "javascript", "typescript", "tsx", "dart", "sql", "markup", "text"),
    "environment",
]
PIECES = st.sampled_from(
    [
        *(
            b"supabase",
            b".from('x')",
            b".select()",
            b"(",
            b")",
            b"{",
            b"}",
            b"[",
            b"]",
            b"=>",
            b"=",
        ),
        *(b"import ", b"from ", b"class A ", b"def f(", b"const ", b"await ", b"\n", b"\n  ", b";"),
        *(b"'", b'"', b"`", b"${", b"$$", b"--", b"/*", b"*/", b"<script>", b"</script>", b"self."),
        *(
            b"this.",
            b"lambda c: ",
            b"return ",
            b"*",
            b"@",
            b"..",
            b"?.",
            b"!",
            b"eyJ",
            b"\xff",
            b"\0",
        ),
        *(b"createClient", b"'@supabase/supabase-js'", b"module.exports", b"export default "),
    ]
)


@settings(max_examples=300, deadline=None)
@given(
    language=st.sampled_from(LANGUAGES),
    content=st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=40).map(b"".join)),
)
def test_any_bytes_are_looked_at(language, content, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(b"supabase\n" + content)
    found = look(Task(str(path), language, force=True))
    assert found.path == str(path)
    assert found.summary is not None or language in {"sql", "text", "environment"}


@given(st.text(alphabet="ab$'\"-/*\n\\;.(", max_size=60))
def test_words_of_sql_keep_their_lines(text):
    for word in words_of(text):
        assert 1 <= word.line <= text.count("\n") + 1


if __name__ == "__main__":
    os.chdir(HERE)
    GOLDEN.write_text("".join(f"{line}\n" for line in lines(scan(["."]))))
