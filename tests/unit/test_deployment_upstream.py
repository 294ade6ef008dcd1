"""The deployment against upstream's tables: the same services and variables, or a reason."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import pytest

from supamig.deployment import describe
from supamig.deployment.upstream import reasons, table

VARIANTS = runpy.run_path(str(Path(__file__).with_name("deployment_samples.py")))["VARIANTS"]
MADE = {name: describe(settings) for name, settings in VARIANTS.items()}
#: Which of our variants an overlay of upstream is.
OURS = {"core": "local", "logs": "logs", "kong": "kong", "caddy": "tls", "s3": "spaces"}
# an overlay that only merges into a core service has no image of its own
SERVICES = [
    row
    for row in table("services")
    if row["service"] not in reasons.UNUSED_SERVICES and row["image"] and row["variant"] in OURS
]
VARIABLES = [
    row
    for row in table("service_environment")
    if row["service"] not in reasons.UNUSED_SERVICES and row["variant"] in OURS
]


def name(row):
    return "-".join(row[key] for key in ("service", "variant"))


def of(state):
    """Rows of one state by service: a test for each of 190 variables would take its time."""
    return [
        pytest.param(
            [row for row in VARIABLES if row["service"] == one and matches(row, state)], id=one
        )
        for one in sorted({row["service"] for row in VARIABLES if matches(row, state)})
    ]


def matches(row, state):
    return (row["state"] == "active") == (state == "active")


def without_defaults(value):
    """Defaults of Compose are settings here: `${A:-b}` is `${A}`."""
    return re.sub(r"\$\{(\w+):-(?:[^{}]|\{[^}]*\})*\}", r"${\1}", value)


def everywhere(service, variable):
    """The variable's value in each of our variants that sets it."""
    return {
        variant: one.environment[variable].template()
        for variant, deployment in MADE.items()
        for one in deployment.services
        if one.name == service and variable in one.environment
    }


@pytest.mark.parametrize("rows", of("active"))
def test_each_variable_that_upstream_sets_is_set_or_has_a_reason(rows):
    for row in rows:
        variable, where = (row["service"], row["variable"]), row["variant"]
        found = everywhere(*variable)
        if variable in reasons.ABSENT:
            assert found == {}, variable
            continue
        if variable in reasons.CONDITIONAL:
            assert "local" not in found, variable
        value = found["everything" if variable in reasons.CONDITIONAL else OURS[where]]
        is_same = value == without_defaults(row["value"])
        assert is_same != ((*variable, where) in reasons.OTHER_VALUE), (variable, value)


@pytest.mark.parametrize("rows", of("commented"))
def test_each_variable_that_upstream_suggests_can_be_set_or_has_a_reason(rows):
    for row in rows:
        variable = (row["service"], row["variable"])
        assert bool(everywhere(*variable)) != (variable in reasons.ABSENT), variable


def test_each_variable_is_upstreams_or_has_a_reason():
    known = {(row["service"], row["variable"]) for row in table("service_environment")}
    settings = VARIANTS["everything"]
    chosen = {("auth", name) for name in (*settings.auth.extra, *settings.auth.extra_secrets)}
    chosen |= {("functions", name) for name in settings.function_secrets}
    ours = {
        (one.name, variable)
        for deployment in MADE.values()
        for one in deployment.services
        for variable in one.environment
    }
    assert ours - known - chosen == set(reasons.ADDED)


def test_each_key_of_the_env_file_is_in_ours_or_has_a_reason():
    for row in table("env_example"):
        key = row["key"]
        uses = [one for one in MADE.values() if key in one.variables or key in one.secrets]
        assert bool(uses) != (key in reasons.UNUSED_KEYS), key
        plain = MADE["local"].variables.get(key)
        if plain is not None:
            assert (plain == row["default"]) != (key in reasons.OTHER_DEFAULT), key


def test_what_upstream_asks_to_be_replaced_is_a_secret():
    samples = {
        row["key"] for row in table("env_example") if row["default"].startswith("(public sample")
    }
    secrets = {name for one in MADE.values() for name in one.secrets}
    assert samples - set(reasons.UNUSED_KEYS) <= secrets
    assert not [name for one in MADE.values() for name in samples & set(one.variables)]


def test_no_reason_is_left_over():
    services = {row["service"] for row in table("services")}
    variables = {(row["service"], row["variable"]) for row in table("service_environment")}
    keys = {row["key"] for row in table("env_example")}
    assert set(reasons.UNUSED_SERVICES) <= services
    assert {*reasons.ABSENT, *reasons.CONDITIONAL} <= variables
    assert {key[:2] for key in reasons.OTHER_VALUE} <= variables
    assert {*reasons.UNUSED_KEYS, *reasons.OTHER_DEFAULT} <= keys
    assert all(reasons.OTHER_SHAPE.values())


def told(service, column):
    """What ours says in a column of upstream's table."""
    health = service.health
    test = [part.template() for part in health.test]
    shell = test[0] == "CMD-SHELL"
    return {
        "container_name": service.container_name,
        "image": service.image.reference,
        "entrypoint": json.dumps(list(service.entrypoint)) if service.entrypoint else "(image)",
        "command": json.dumps(list(service.command)).replace("$", "$$")
        if service.command
        else "(image)",
        "restart": service.restart,
        "healthcheck": f"CMD-SHELL: {test[1]}" if shell else f"CMD: {json.dumps(test[1:])}",
        "interval": f"{health.interval}s",
        "timeout": f"{health.timeout}s",
        "retries": str(health.retries),
        "start_period": f"{health.start_period}s" if health.start_period else "",
        "depends_on": " | ".join(f"{one}:{how}" for one, how in service.depends_on.items())
        or "none",
    }[column]


def upstreams(row, column):
    """What upstream says, with the words of its notes taken off."""
    value = row[column].removeprefix("(inherited) ").removeprefix("REPLACES: ")
    if column in ("entrypoint", "command"):
        return value or "(image)"
    if column == "healthcheck" and value.startswith("CMD: ") and not value.startswith("CMD: ["):
        return f"CMD: {json.dumps(value.removeprefix('CMD: ').split())}"
    return value


COLUMNS = (
    *("container_name", "image", "entrypoint", "command", "restart", "healthcheck"),
    *("interval", "timeout", "retries", "start_period", "depends_on"),
)


@pytest.mark.parametrize("row", SERVICES, ids=name)
def test_each_service_is_as_upstream_runs_it_or_has_a_reason(row):
    service = MADE[OURS[row["variant"]]].service(row["service"])
    differing = set()
    for column in COLUMNS:
        if told(service, column) != upstreams(row, column):
            differing.add(column)
    if "healthcheck" in differing:
        differing -= {"interval", "timeout", "retries", "start_period"}
    allowed = {column for one, column in reasons.OTHER_SHAPE if one == row["service"]}
    assert {one: (told(service, one), upstreams(row, one)) for one in differing - allowed} == {}


def test_targets_of_mounts_are_upstreams():
    """Ours may lie elsewhere on the host; in the container a service looks where it looks."""
    for row in SERVICES:
        service = MADE[OURS[row["variant"]]].service(row["service"])
        ours = {mount.target for mount in service.mounts} | {one.target for one in service.files}
        theirs = set(re.findall(r"\S+:(/[^\s:]+)", re.sub(r"\(commented.*", "", row["volumes"])))
        if row["service"] in ("api-gw", "caddy"):
            continue  # files of our own, under the same directories
        assert theirs <= ours, row["service"]
