"""What the account refuses is told before anything is registered, with the setting to change."""

from __future__ import annotations

import json

import grpc
import pulumi
import pytest

VOLUME = {
    "id": "7f0e-volume",
    "region": "fra1",
    "filesystemType": "ext4",
    "filesystemLabel": "supabackups",
    "dropletIds": [],
}


class Refusal(grpc.RpcError):
    """The error of a call as gRPC hands it over."""

    def code(self):
        return grpc.StatusCode.UNKNOWN

    def details(self):
        return self.args[0]


@pytest.fixture
def refused(run, prod, answers):
    """Run the program with an account that answers otherwise; return what it ends with."""

    def go(token, answer, **config):
        class Account(answers):
            def call(self, args):
                if not args.token.endswith(token):
                    return super().call(args)
                if isinstance(answer, dict):
                    return super().call(args) | answer
                raise Refusal(answer)

        changes = {f"supamig:{key}": json.dumps(value) for key, value in config.items()}
        account = Account()
        with pytest.raises(pulumi.RunError) as raised:
            run(prod | changes, account=account)
        return str(raised.value)

    return go


@pytest.mark.parametrize(
    ("token", "answer", "said"),
    [
        (
            "getDroplet",
            "GET https://api.digitalocean.com/v2/droplets: 401 Unable to authenticate you",
            ("401 Unable to authenticate you", "pulumi config set --secret digitalocean:token"),
        ),
        ("getDroplet", "403 you are not authorized to perform this", ("the token may not read",)),
        (
            "getDroplet",
            "invocation of a:b:getDroplet returned an error: no droplet found with name x",
            ("says: no droplet found with name x", "`supamig:droplet.id`"),
        ),
        (
            "getDroplet",
            "invoking a:getDroplet: 1 error occurred:\n\t* no droplet found with name x",
            ("says: no droplet found with name x",),
        ),
        (
            "getDroplet",
            'Get "https://api.digitalocean.com/v2/droplets": dial tcp: lookup: no such host',
            ("the API does not answer from here",),
        ),
        (
            "getDroplet",
            "too many droplets found with name supabase-prod (found 2)",
            ("too many droplets found", "a number in `supamig:droplet.id` is surer"),
        ),
        (
            "getDomain",
            "domain not found: example.com",
            ("domain not found", "`supamig:dns.zone`", "doctl compute domain list"),
        ),
    ],
    ids=[
        "wrong-token",
        "poor-token",
        "no-droplet",
        "official",
        "no-network",
        "two-droplets",
        "no-zone",
    ],
)
def test_what_the_account_refuses_says_what_to_change(refused, token, answer, said):
    text = refused(token, answer)
    assert [one for one in said if one not in text] == []
    assert "hint: " in text


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("no volumes found with name supabase-backups", "without `supamig:backup_volume.existing`"),
        (VOLUME | {"region": "nyc3"}, "is in nyc3 and the droplet in fra1"),
        (VOLUME | {"dropletIds": [7]}, "is attached to another droplet (7)"),
        (VOLUME | {"filesystemLabel": "photos"}, "label `photos`"),
        (VOLUME | {"filesystemType": "xfs"}, "it may hold data of others"),
        (VOLUME | {"filesystemType": ""}, "holds no filesystem"),
    ],
    ids=["none", "another-region", "another-droplet", "data-of-others", "filesystem", "raw"],
)
def test_a_volume_that_cannot_be_used_as_it_is_is_refused(refused, answer, said):
    volume = {"name": "supabase-backups", "size_gb": 50, "existing": True}
    text = refused("getVolume", answer, backup_volume=volume)
    assert said in text
    assert "hint: " in text


def test_a_volume_that_is_there_is_attached_and_never_made(run, prod, answers):
    class Account(answers):
        def call(self, args):
            return super().call(args) | (VOLUME if args.token.endswith("getVolume") else {})

    volume = {"name": "supabase-backups", "size_gb": 50, "existing": True}
    stack = run(prod | {"supamig:backup_volume": json.dumps(volume)}, account=Account())
    assert stack.of("digitalocean:index/volume:Volume") == []
    attached = stack.one("VolumeAttachment").inputs
    assert (attached["volumeId"], attached["dropletId"]) == ("7f0e-volume", 42)
