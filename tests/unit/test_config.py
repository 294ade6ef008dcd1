"""Where settings come from, which wins, and what is said of a wrong one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from supamig.config import Api, Settings, environment_secrets, load, wants_debug
from supamig.errors import ConfigError, UsageError
from supamig.models import Severity
from supamig.secret import Secret

CANARY = "hunter2-c4n4ry"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def parts(dsn):
    return conninfo_to_dict(dsn.reveal())


def refused(match, **arguments):
    with pytest.raises(UsageError, match=match) as caught:
        load(**{"environ": {}, **arguments})
    assert CANARY not in str(caught.value) + caught.value.hint
    return caught.value


# -- precedence ------------------------------------------------------------------------------------


def test_defaults_need_nothing():
    chosen = load(environ={})
    assert chosen == Settings()
    assert chosen.source is None
    assert chosen.method == "stream"
    assert 1 <= chosen.jobs <= 4


def test_each_layer_lies_over_the_one_below(here):
    (here / "supamig.toml").write_text("[export]\njobs = 2\n")
    assert load(environ={}).jobs == 2
    (here / ".env").write_text("SUPAMIG_JOBS=3\n")
    assert load(environ={}).jobs == 3
    assert load(environ={"SUPAMIG_JOBS": "5"}).jobs == 5
    assert load(environ={"SUPAMIG_JOBS": "5"}, overrides={"jobs": 6}).jobs == 6
    assert load(environ={"SUPAMIG_JOBS": "5"}, overrides={"jobs": None}).jobs == 5


def test_a_file_sets_everything_it_documents(here):
    (here / "conf").mkdir()
    file = here / "conf" / "own.toml"
    file.write_text(
        """
        state_dir = "state"
        plugins_dirs = ["checks", "/srv/checks"]
        load_plugins = ["acme"]
        connect_timeout = 3
        [source]
        dsn = "postgresql://postgres@db/app"
        project_ref = "abcdefghijklmnopqrst"
        [export]
        method = "pg_dump"
        backups_dir = "dumps"
        [import]
        into_nonempty = true
        accept_missing = ["auth.flow_state.oauth_client_state_id"]
        [checks]
        select = ["core"]
        ignore = ["core.rights"]
        fail_on = "warning"
        baseline = "baseline.json"
        timeout = 30.5
        [tools]
        pg_bin = "/usr/lib/postgresql/18/bin"
        supabase_cli = "bin/supabase"
        [plugins.acme]
        counts = {agent_registry = 11}
        """
    )
    chosen = load(file=file, environ={})
    assert parts(chosen.source) == {"user": "postgres", "host": "db", "dbname": "app"}
    assert replace(chosen, source=None) == Settings(
        project_ref="abcdefghijklmnopqrst",
        source_api=Api(url="https://abcdefghijklmnopqrst.supabase.co"),
        method="pg_dump",
        into_nonempty=True,
        accept_missing=("auth.flow_state.oauth_client_state_id",),
        state_dir=here / "conf/state",
        backups_dir=here / "conf/dumps",
        plugins_dirs=(here / "conf/checks", Path("/srv/checks")),
        load_plugins=("acme",),
        select=("core",),
        ignore=("core.rights",),
        fail_on=Severity.WARNING,
        baseline=here / "conf/baseline.json",
        connect_timeout=3.0,
        check_timeout=30.5,
        pg_bin=Path("/usr/lib/postgresql/18/bin"),
        supabase_cli=here / "conf/bin/supabase",
        plugin_options={"acme": {"counts": {"agent_registry": 11}}},
    )


def test_the_dotenv_file_is_taken_literally_and_may_lie_elsewhere(here):
    (here / "deploy.env").write_text("SUPAMIG_TARGET_DSN=\"host=db password='a$HOME'\"\n")
    (here / "supamig.toml").write_text('env_file = "deploy.env"\n')
    assert parts(load(environ={}).target)["password"] == "a$HOME"
    assert parts(load(environ={"SUPAMIG_ENV_FILE": "deploy.env"}).target)["host"] == "db"


def test_empty_variables_are_not_given_but_no_plugins_is_a_choice():
    assert load(environ={"SUPAMIG_JOBS": "", "SUPAMIG_TARGET_DSN": ""}) == Settings()
    assert load(environ={}).load_plugins is None
    assert load(environ={"SUPAMIG_LOAD_PLUGINS": ""}).load_plugins == ()
    assert load(environ={"SUPAMIG_LOAD_PLUGINS": "a, b"}).load_plugins == ("a", "b")


# -- connection strings ----------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_both_spellings_and_special_characters(scheme):
    dsn = f"{scheme}://us%40er:p%40s%2Fs@[::1]:6000/da%20ta?application_name=x"
    assert parts(load(environ={"SUPAMIG_SOURCE_DSN": dsn}).source) == {
        "user": "us@er", "password": "p@s/s", "host": "::1", "port": "6000",
        "dbname": "da ta", "application_name": "x",
    }  # fmt: skip


def test_a_separate_password_completes_a_dsn_without_one():
    environ = {"SUPAMIG_TARGET_DSN": "postgres://u@h/d", "SUPAMIG_TARGET_PASSWORD": "a'b\\c @"}
    assert parts(load(environ=environ).target)["password"] == "a'b\\c @"
    environ["SUPAMIG_TARGET_DSN"] = "postgres://u:own@h/d"
    assert parts(load(environ=environ).target)["password"] == "own"


def test_supamigs_own_name_wins_over_supabases():
    environ = {"SUPABASE_DB_URL": "host=general", "SUPAMIG_SOURCE_DSN": "host=own"}
    assert parts(load(environ=environ).source)["host"] == "own"
    del environ["SUPAMIG_SOURCE_DSN"]
    assert parts(load(environ=environ).source)["host"] == "general"


def test_references_are_resolved(here):
    (here / "dsn").write_text("host=from-file password=x\n")
    environ = {"PROD": "host=from-env", "SUPAMIG_SOURCE_DSN": "env:PROD"}
    assert parts(load(environ=environ).source)["host"] == "from-env"
    chosen = load(environ=environ, overrides={"source": "file:dsn", "target": "cmd:cat dsn"})
    assert parts(chosen.source)["host"] == "from-file"
    assert parts(chosen.target)["password"] == "x"


def test_other_references_are_resolved_elsewhere(here):
    asked = []

    def elsewhere(reference, settings):
        asked.append((reference, settings.plugins_dirs))
        return Secret(f"host=vault password={CANARY}")

    (here / "supamig.toml").write_text("plugins_dirs = ['p']\n[source]\ndsn = 'vault:prod/db'")
    chosen = load(environ={}, elsewhere=elsewhere)
    assert parts(chosen.source)["host"] == "vault"
    assert asked == [("vault:prod/db", (Path("p"),))]
    refused("nothing resolves", overrides={"source": f"vault:{CANARY}"})


def test_a_password_in_a_variable_may_look_like_a_reference_of_a_plugin():
    environ = {"SUPAMIG_SOURCE_DSN": "host=h", "SUPAMIG_SOURCE_PASSWORD": "ab:cd"}
    assert parts(load(environ=environ).source)["password"] == "ab:cd"


def test_a_side_that_is_not_asked_for_is_not_resolved():
    overrides = {"source": "cmd:false", "target": "host=t"}
    assert load(environ={}, overrides=overrides, sides=("target",)).source is None
    assert load(environ={}, overrides=overrides, sides=("target",)).target is not None


def test_cloud_hosts_are_reached_over_tls_unless_said_otherwise():
    pooler = "postgres://postgres.abc@aws-1-eu-west-1.pooler.supabase.com:5432/postgres"
    found = parts(load(environ={"SUPABASE_DB_URL": pooler}).source)
    assert (found["sslmode"], found["gssencmode"]) == ("require", "disable")
    direct = "postgres://postgres@db.abc.supabase.co/postgres?sslmode=verify-full"
    found = parts(load(environ={"SUPABASE_DB_URL": direct}).source)
    assert (found["sslmode"], found.get("gssencmode")) == ("verify-full", None)


def test_the_transaction_pooler_is_refused():
    pooler = f"postgres://postgres.abc:{CANARY}@aws-1-eu-west-1.pooler.supabase.com:6543/postgres"
    error = refused("transaction pooler", environ={"SUPABASE_DB_URL": pooler})
    assert "5432" in error.hint


@pytest.mark.parametrize("side", ["source", "target"])
@pytest.mark.parametrize(
    "dsn",
    [
        f"postgresql://u:{CANARY}@h/d",
        f"postgres://u@h/d?password={CANARY}",
        f"postgres://u@h/d?pass%77ord={CANARY}",
        f"postgres://u:%68{CANARY}@h/d",
        f"host=h password={CANARY}",
        f"host=h password = '{CANARY} \\' x'",
        f"host=h sslpassword={CANARY}",
    ],
)
def test_a_password_on_the_command_line_is_refused(side, dsn):
    error = refused("holds a password", overrides={side: dsn})
    assert f"SUPAMIG_{side.upper()}_PASSWORD" in error.hint


@pytest.mark.parametrize("dsn", [f"postgres://u:%zz{CANARY}@h", f"host=h {CANARY}", CANARY])
def test_a_dsn_that_cannot_be_read_is_not_repeated(dsn):
    refused("`--source` is not a connection string", overrides={"source": dsn})
    refused("SUPAMIG_SOURCE_DSN is not a connection", environ={"SUPAMIG_SOURCE_DSN": dsn})


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(password=strategies.text(min_size=1).filter(lambda text: "\0" not in text))
def test_any_password_survives_and_is_known_to_the_redactor(password):
    try:
        dsn = make_conninfo("host=h", password=password)
    except UnicodeEncodeError:
        return
    chosen = load(environ={"SUPAMIG_SOURCE_DSN": dsn})
    assert parts(chosen.source)["password"] == password
    assert password in {secret.reveal() for secret in chosen.secrets()}
    with pytest.raises(UsageError, match="holds a password"):
        load(environ={}, overrides={"source": dsn})


# -- services --------------------------------------------------------------------------------------


def test_keys_of_a_side_come_from_the_deployments_file_and_from_variables_over_it(here):
    (here / ".env.deployment").write_text("ANON_KEY=stored\nJWT_SECRET='of the file'\n")
    (here / "supamig.toml").write_text(
        "[target.api]\nurl = 'https://db.example.org/'\nkeys_file = '.env.deployment'\n"
    )
    found = load(environ={"SUPAMIG_TARGET_ANON_KEY": "given", "ROLE": "role"}).target_api
    assert found == Api(
        url="https://db.example.org", anon_key=Secret("given"), jwt_secret=Secret("of the file")
    )
    (here / "supamig.toml").write_text(
        "[target.api]\nurl = 'https://db.example.org'\nservice_role_key = 'env:ROLE'\n"
    )
    chosen = load(environ={"ROLE": "role"})
    assert chosen.target_api == Api(url="https://db.example.org", service_role_key=Secret("role"))
    assert Secret("role") in chosen.secrets()
    assert chosen.source_api is None


def test_a_plain_key_in_the_file_is_refused(here):
    (here / "supamig.toml").write_text("[source.api]\njwt_secret = 'plain'\n")
    with pytest.raises(ConfigError, match=r"`source.api.jwt_secret` in .* holds a plain secret"):
        load(environ={})


def test_the_address_of_services_has_no_path():
    with pytest.raises(ConfigError, match="SUPABASE_URL must be https://HOST"):
        load(environ={"SUPABASE_URL": "https://example.org/auth/v1"})


# -- derived ---------------------------------------------------------------------------------------

CLOUD = {"SUPABASE_PROJECT_REF": "abcdefghijklmnopqrst", "SUPABASE_DB_PASSWORD": "p w'"}


def test_reference_and_password_are_enough():
    assert parts(load(environ=CLOUD).source) == {
        "host": "db.abcdefghijklmnopqrst.supabase.co", "port": "5432", "user": "postgres",
        "dbname": "postgres", "sslmode": "require", "password": "p w'",
    }  # fmt: skip


def test_a_given_connection_string_wins_over_a_derived_one():
    assert parts(load(environ={**CLOUD, "SUPABASE_DB_URL": "host=own"}).source)["host"] == "own"


def test_a_reference_without_a_password_says_what_is_missing():
    chosen = load(environ={"SUPABASE_PROJECT_REF": "abcdefghijklmnopqrst"})
    with pytest.raises(UsageError) as caught:
        chosen.require("source")
    assert "SUPABASE_DB_PASSWORD" in caught.value.hint


def test_a_url_is_not_a_project_reference():
    refused("not a project reference", environ={**CLOUD, "SUPABASE_PROJECT_REF": "https://x.y"})


# -- bundles ---------------------------------------------------------------------------------------


def test_a_bundle_can_be_the_source(here):
    (here / "saved").mkdir()
    chosen = load(environ=CLOUD, overrides={"source": "bundle:saved"})
    assert (chosen.source, chosen.source_bundle) == (None, Path("saved"))
    with pytest.raises(UsageError, match="the source is the bundle `saved`"):
        chosen.require("source")


def test_a_bundle_that_is_not_there():
    refused("no bundle at `gone`", overrides={"source": "bundle:gone"})
    refused("only a source", overrides={"target": "bundle:gone"})


# -- bad files -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[export]\nmethdo = 'stream'", "unknown key `export.methdo` in `.*supamig.toml`",
         "Did you mean `method`?"),
        ("[exprot]\nmethod = 'stream'", "unknown key `exprot`", "Did you mean `export`?"),
        ("[source]\nzzz = 1", "unknown key `source.zzz`", "Known here: `dsn`"),
        ("[export]\njobs = 'four'", "`export.jobs` in .* must be a whole number from 1 to 64", ""),
        ("[export]\njobs = '4'", "must be a whole number", ""),
        ("[export]\njobs = 0", "must be a whole number", ""),
        ("[export]\njobs = true", "must be a whole number", ""),
        ("[export]\nmethod = 'copy'", "must be `stream`, `pg_dump` or `cli`", ""),
        ("export = 1", "`export` in .* must be a table", ""),
        ("[import]\ninto_nonempty = 'yes'", "must be true or false", ""),
        ("plugins_dirs = 'plugins'", "`plugins_dirs` in .* must be a list of texts", ""),
        ("plugins_dirs = [1]", "must be a list of texts", ""),
        ("[plugins]\nacme = 1", "must be tables, one a plugin", ""),
        ("connect_timeout = -1", "must be seconds, more than 0", ""),
        ("[export\n", "not valid TOML: .*line 1", ""),
        ("a = 1\na = 2", "not valid TOML: Cannot overwrite a value", ""),
        (f"[source]\npassword = '{CANARY}'", "holds a plain secret", "env:NAME"),
        (f"[source]\naccess_token = '{CANARY}'", "holds a plain secret", "env:NAME"),
        (f"[source]\ndsn = 'postgres://u:{CANARY}@h'", "holds a plain secret", "env:"),
        (f"[target]\ndsn = 'host=h password={CANARY}'", "holds a plain secret", "env:"),
        (f"[source]\npassword = ['{CANARY}']", "`source.password` in .* must be a text", ""),
    ],
)  # fmt: skip
def test_what_a_file_may_not_hold(here, text, message, hint):
    (here / "supamig.toml").write_text(text)
    error = refused(message)
    assert isinstance(error, ConfigError)
    assert hint in error.hint


def test_files_that_cannot_be_read(here):
    refused("`gone.toml` cannot be read: No such file", file=Path("gone.toml"))
    (here / "supamig.toml").write_bytes(b"state_dir = '\xff'")
    refused("`supamig.toml` is not UTF-8: byte 13")
    (here / "supamig.toml").write_text("env_file = 'gone.env'")
    refused("`gone.env` cannot be read")
    (here / "supamig.toml").write_text("")
    (here / ".env").write_bytes(b"A=\xff")
    refused("`.env` is not UTF-8")


def test_a_wrong_variable_or_option_is_named():
    refused("SUPAMIG_JOBS must be a whole number", environ={"SUPAMIG_JOBS": "many"})
    refused("`--fail-on` must be `info`, `warning` or `error`", overrides={"fail_on": "x"})
    assert "`jobs`" in refused("`job` is not a setting", overrides={"job": 1}).hint


# -- the rest --------------------------------------------------------------------------------------


def test_nothing_shows_a_secret():
    environ = {
        "SUPAMIG_SOURCE_DSN": f"postgres://u:{CANARY}@h/d",
        "SUPAMIG_TARGET_DSN": f"host=h password={CANARY}",
        "SUPABASE_ACCESS_TOKEN": f"sbp_{CANARY}",
    }
    chosen = load(environ=environ)
    assert CANARY not in repr(chosen) + str(chosen)
    known = {secret.reveal() for secret in chosen.secrets()}
    assert {CANARY, f"sbp_{CANARY}"} <= known
    assert all(isinstance(secret, Secret) for secret in environment_secrets(environ))
    assert {secret.reveal() for secret in environment_secrets(environ)} == set(environ.values())


def test_a_missing_side_says_how_to_give_it():
    with pytest.raises(UsageError) as caught:
        Settings().require("target")
    assert "SUPAMIG_TARGET_DSN" in caught.value.hint
    with pytest.raises(UsageError) as caught:
        Settings().require("source")
    assert "SUPABASE_PROJECT_REF" in caught.value.hint


def test_debugging_is_asked_for_by_a_variable():
    assert wants_debug({"SUPAMIG_DEBUG": "1"})
    assert not wants_debug({"SUPAMIG_DEBUG": "0"})
    assert not wants_debug({})
