"""Which droplet a deployment needs, and its price."""

from __future__ import annotations

import json

import pytest

from supamig.cli import main
from supamig.deployment import DeploymentSettings, describe
from supamig.errors import Refused
from supamig.estimate import DROPLETS, estimate

GB = 1_000_000_000
PLAIN = describe(DeploymentSettings())


def test_a_small_project_fits_what_supabase_advises():
    found = estimate(PLAIN, database=2 * GB)
    assert (found.droplet, found.volume_gb, found.price) == ("s-4vcpu-8gb", 10, 49.0)


def test_the_price_is_the_sum_of_what_is_shown():
    found = estimate(PLAIN, database=20 * GB, files=10 * GB)
    shown = {one.what: one.amount for one in found.amounts}
    parts = [float(shown[name].removeprefix("$")) for name in ("droplet", "backup volume")]
    assert sum(parts) == found.price == float(shown["a month"].removeprefix("$"))


def test_more_of_anything_never_costs_less():
    prices = [estimate(PLAIN, database=n * GB).price for n in range(0, 100, 5)]
    assert prices == sorted(prices)
    longer = [estimate(PLAIN, database=20 * GB, keep_days=n).volume_gb for n in (1, 7, 30)]
    assert longer == sorted(set(longer))


def test_logs_need_memory():
    with_logs = describe(DeploymentSettings(logs=True))
    amounts = [estimate(one, database=GB).amounts[0].amount for one in (PLAIN, with_logs)]
    assert int(amounts[0].split()[0]) < int(amounts[1].split()[0])


def test_people_need_memory_and_it_is_said_how_much():
    amounts = [estimate(PLAIN, database=GB, users=n).amounts[0] for n in (0, 100_000)]
    first, second = (int(one.amount.split()[0]) for one in amounts)
    assert second - first == 500
    assert "0.1 MiB each for 5,000 at one time (5% of 100,000 users)" in amounts[1].because


def test_data_beyond_every_disk_go_onto_a_volume():
    found = estimate(PLAIN, database=200 * GB)
    shown = {one.what: one for one in found.amounts}
    assert (found.droplet, found.data_gb) == ("s-4vcpu-8gb", 510)
    assert shown["data volume"].amount == "$51.00"
    assert "`supamig:directory`" in shown["data volume"].because
    assert found.price == 48 + 51 + float(shown["backup volume"].amount.removeprefix("$"))


def test_what_no_droplet_holds_is_refused_with_a_way_out():
    with pytest.raises(Refused, match=DROPLETS[-1].slug) as raised:
        estimate(PLAIN, database=20_000 * GB)
    assert "Spaces" in raised.value.hint


def test_the_command_shows_the_arithmetic(working_directory, capsys):
    assert main(["estimate", "--database-size", "12", "--output", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["droplet"] == "s-4vcpu-8gb"
    assert [one["what"] for one in found["amounts"]][-1] == "a month"
