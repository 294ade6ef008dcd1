"""What `render` writes: golden files, and the real Compose reading them."""

from __future__ import annotations

import json
import os
import runpy
import stat
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from dotenv import dotenv_values

from supamig.deployment import DeploymentSettings, describe
from supamig.deployment.dotenv import dotenv
from supamig.deployment.keys import make
from supamig.deployment.render import environment, files, render
from supamig.errors import ConfigError, Refused, UsageError
from supamig.secret import Secret

SAMPLES = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("deployment_samples.py"))))
VARIANTS = SAMPLES.VARIANTS
GOLDEN = Path(__file__).parents[1] / "golden"
#: Files that are written from settings; the others are in the package as they are.
WRITTEN = ("docker-compose.yml", "envoy.yaml", "kong.yml", "vector.yml", "Caddyfile")


@pytest.fixture(scope="module")
def made():
    return make({}, now=int(time.time())).values


def goldens(variant):
    deployment = describe(VARIANTS[variant])
    texts = {Path(path).name: text for path, text in files(deployment).items()}
    found = {name: text for name, text in texts.items() if name in WRITTEN}
    return found | {"settings.env": dotenv([("Settings", deployment.variables)])}


@pytest.mark.parametrize("variant", ["local", "hs256", "kong", "prod", "everything"])
def test_files_are_the_golden_ones(variant):
    """Run with GOLDEN=write to accept what changed; the difference is for the review."""
    directory = GOLDEN / variant
    if os.environ.get("GOLDEN") == "write":
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in goldens(variant).items():
            (directory / name).write_text(text)
    kept = {path.name: path.read_text() for path in directory.iterdir()}
    assert goldens(variant) == kept


def config(directory):
    """What Compose makes of the files; it needs no engine for that."""
    run = subprocess.run(
        [
            SAMPLES.program("docker-compose"),
            "--project-directory",
            directory,
            "config",
            "--format",
            "json",
        ],
        env={"PATH": os.environ["PATH"], "HOME": str(directory)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    return json.loads(run.stdout)


@pytest.mark.parametrize("variant", VARIANTS)
def test_compose_understands_what_the_deployment_says(variant, tmp_path, made):
    deployment = describe(VARIANTS[variant])
    secrets = SAMPLES.secrets_for(deployment, made)
    render(deployment, secrets, tmp_path)
    read = config(tmp_path)
    values = {name: secret.reveal() for name, secret in secrets.items()}
    values |= deployment.variables
    assert list(read["services"]) == sorted(one.name for one in deployment.services)
    for one in deployment.services:
        found = read["services"][one.name]
        environment = {name: text.fill(values) for name, text in one.environment.items()}
        # what Compose prints can be read again, so a dollar is doubled
        assert (found.get("environment") or {}) == doubled(environment)
        assert found["image"] == one.image.reference
        assert found["container_name"] == one.container_name
        assert (found["command"] or []) == doubled(list(one.command))
        assert (found["entrypoint"] or []) == doubled(list(one.entrypoint))
        assert found["healthcheck"]["test"] == doubled([t.fill(values) for t in one.health.test])
        assert int(found["mem_limit"]) == one.memory_mib * 1024 * 1024
        assert found["logging"]["options"] == one.logging.options
        waits = {name: how["condition"] for name, how in found.get("depends_on", {}).items()}
        assert waits == {name: str(how) for name, how in one.depends_on.items()}
        assert [
            (port["host_ip"], int(port["published"]), port["target"], port["protocol"])
            for port in found.get("ports", [])
        ] == [(port.address, port.host, port.container, port.protocol) for port in one.ports]
        mounted = {mount["target"] for mount in found.get("volumes", [])}
        assert mounted == {m.target for m in one.mounts} | {f.target for f in one.files}
        aliases = (found["networks"]["default"] or {}).get("aliases", [])
        assert tuple(aliases) == one.aliases


def doubled(value):
    if isinstance(value, dict):
        return {name: doubled(one) for name, one in value.items()}
    if isinstance(value, list):
        return [doubled(one) for one in value]
    return value.replace("$", "$$")


@pytest.mark.parametrize("variant", ["local", "everything"])
def test_secrets_are_in_one_file_that_others_cannot_read(variant, tmp_path, made):
    deployment = describe(VARIANTS[variant])
    secrets = SAMPLES.secrets_for(deployment, made)
    paths = render(deployment, secrets, tmp_path)
    assert sorted(paths) == sorted(path for path in tmp_path.rglob("*") if path.is_file())
    env = tmp_path / ".env"
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    values = [secret.reveal() for secret in secrets.values()]
    for path in paths:
        if path != env:
            assert not [value for value in values if value in path.read_text()]
    read = dotenv_values(env, interpolate=False)
    assert read == {**deployment.variables, **{n: s.reveal() for n, s in secrets.items()}}


def test_every_mounted_file_is_written(tmp_path, made):
    for variant in VARIANTS:
        directory = tmp_path / variant
        deployment = describe(VARIANTS[variant])
        render(deployment, SAMPLES.secrets_for(deployment, made), directory)
        for file in deployment.files:
            assert (directory / file.path).read_text() == file.content
        for name in deployment.directories:
            assert (directory / name).is_dir()


def test_rendering_again_keeps_secrets_and_refuses_others(tmp_path, made):
    deployment = describe(DeploymentSettings())
    render(deployment, made, tmp_path)
    before = (tmp_path / ".env").read_bytes()
    (tmp_path / "volumes/db/data/PG_VERSION").write_text("17")
    render(deployment, made, tmp_path)
    assert (tmp_path / ".env").read_bytes() == before
    assert (tmp_path / "volumes/db/data/PG_VERSION").read_text() == "17"
    others = make({}, now=int(time.time())).values
    with pytest.raises(Refused) as raised:
        render(deployment, others, tmp_path)
    assert "`POSTGRES_PASSWORD`" in raised.value.message
    assert others["POSTGRES_PASSWORD"].reveal() not in raised.value.message
    assert (tmp_path / ".env").read_bytes() == before


def test_a_missing_secret_is_named(made):
    deployment = describe(VARIANTS["mail"])
    with pytest.raises(ConfigError) as raised:
        environment(deployment, made)
    assert "`SMTP_PASS`" in raised.value.message
    assert "--set" in raised.value.hint
    with pytest.raises(ConfigError, match="JWT_SECRET"):
        environment(describe(DeploymentSettings()), {})


def test_a_wrong_secret_is_refused_before_a_service_ends_over_it(made):
    deployment = describe(DeploymentSettings())
    with pytest.raises(ConfigError, match="VAULT_ENC_KEY"):
        environment(deployment, {**made, "VAULT_ENC_KEY": Secret("a" * 31)})


@pytest.mark.parametrize("value", ["it's $5", 'it\'s "x"', "a\\b", "a\nb", "a\x00b"])
def test_what_readers_disagree_about_is_not_written(value, made):
    deployment = describe(VARIANTS["mail"])
    with pytest.raises(ConfigError) as raised:
        environment(deployment, {**made, "SMTP_PASS": Secret(value)})
    assert value not in raised.value.message


def test_a_directory_that_cannot_be_written_is_named(tmp_path, made):
    (tmp_path / "volumes").write_text("a file")
    with pytest.raises(UsageError, match="volumes"):
        render(describe(DeploymentSettings()), made, tmp_path)


def test_golden_files_are_read_by_another_reader():
    for path in sorted(GOLDEN.rglob("*.y*ml")):
        assert isinstance(yaml.load(path.read_text(), yaml.CSafeLoader), dict), path
