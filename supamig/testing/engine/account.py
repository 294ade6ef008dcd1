"""Stands in for DigitalOcean's API and the account behind it, where Pulumi's own provider asks."""

from __future__ import annotations

import json
import re
import threading
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qs, urlsplit

from supamig.testing.engine.digitalocean import DROPLET, FIREWALL, VOLUME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supamig.testing.engine.provider import Properties

_AT = "2026-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of thing: where it is asked for, how answers name one and many."""

    path: str
    one: str
    many: str
    type: str
    is_numbered: bool = False
    created: HTTPStatus = HTTPStatus.CREATED


_DOMAINS = _Kind("domains", "domain", "domains", "digitalocean:index/domain:Domain")
_ALERTS = _Kind(
    "monitoring/alerts",
    "policy",
    "policies",
    "digitalocean:index/monitorAlert:MonitorAlert",
    created=HTTPStatus.OK,
)
_KINDS = (
    _Kind("droplets", "droplet", "droplets", DROPLET, is_numbered=True),
    _Kind("firewalls", "firewall", "firewalls", FIREWALL),
    _Kind("volumes", "volume", "volumes", VOLUME),
    _DOMAINS,
    _ALERTS,
    _Kind(
        "domains/[^/]+/records",
        "domain_record",
        "domain_records",
        "digitalocean:index/dnsRecord:DnsRecord",
        is_numbered=True,
    ),
    _Kind("uptime/checks", "check", "checks", "digitalocean:index/uptimeCheck:UptimeCheck"),
    _Kind(
        "uptime/checks/[^/]+/alerts",
        "alert",
        "alerts",
        "digitalocean:index/uptimeAlert:UptimeAlert",
    ),
)
#: What is there before anything is made.
_DOMAIN = {"name": "example.com", "ttl": 1800, "zone_file": ""}
_MACHINE = {
    "id": 42,
    "name": "supabase-prod",
    "memory": 8192,
    "vcpus": 4,
    "disk": 160,
    "status": "active",
    "created_at": _AT,
    "features": ["monitoring"],
    "image": {"id": 1, "slug": "debian-12-x64"},
    "size": {"slug": "s-4vcpu-8gb", "price_monthly": 48, "price_hourly": 0.07},
    "size_slug": "s-4vcpu-8gb",
    "networks": {"v4": [{"ip_address": "138.197.4.36", "type": "public"}], "v6": []},
    "region": {"slug": "fra1", "name": "Frankfurt 1", "available": True},
    "volume_ids": [],
}


class Account:
    """Use it with `with`: it answers as long, on the loopback; ``made`` is by type and id."""

    def __init__(self) -> None:
        self.made: dict[tuple[str, str], Properties] = {}
        self._given = {(DROPLET, "42"): dict(_MACHINE), (_DOMAINS.type, "example.com"): _DOMAIN}
        self._number = 1000

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.account = self
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def environment(self) -> dict[str, str]:
        """What the provider is told, so that it asks here."""
        url = f"http://127.0.0.1:{self._server.server_port}"
        return {"DIGITALOCEAN_API_URL": url, "DIGITALOCEAN_TOKEN": "of-the-test"}

    def names(self, kind: str) -> list[str]:
        """Name what of a kind was made and is there."""
        return sorted(number for made, number in self.made if made == kind)

    def answer(
        self, method: str, path: str, asked: Mapping[str, str], body: Properties
    ) -> tuple[HTTPStatus, Properties | None]:
        """Answer one call: its status and what it says."""
        if done := re.fullmatch(r"(?:volumes/([^/]+)/)?actions(?:/\d+)?", path):
            if method == "POST":
                is_there = body["type"] == "attach"
                self.made[VOLUME, done[1]]["droplet_ids"] = [body["droplet_id"]] if is_there else []
            action = {"id": 1, "status": "completed", "type": "attach_volume", "completed_at": _AT}
            return HTTPStatus.OK, {"action": action}
        for kind in _KINDS:
            if re.fullmatch(kind.path, path):
                if method == "POST":
                    return kind.created, {kind.one: self._make(kind, body)}
                every = {**self._given, **self.made}
                found = [one for (type_, _), one in every.items() if type_ == kind.type]
                name = asked.get("name")
                found = [one for one in found if name in {None, one["name"]}]
                return HTTPStatus.OK, {kind.many: found, "links": {}, "meta": {"total": len(found)}}
            if one := re.fullmatch(f"{kind.path}/([^/]+)", path):
                return self._with(kind, one[1], method, body)
        return HTTPStatus.NOT_FOUND, {"message": f"this account knows no {method} {path}"}

    def _make(self, kind: _Kind, body: Properties) -> Properties:
        self._number += 1
        number: int | str = self._number if kind.is_numbered else str(uuid.uuid4())
        made = {**body, "id": number, "created_at": _AT}
        if kind.type == VOLUME:
            made |= {"region": {"slug": body["region"]}, "droplet_ids": []}
        elif kind.type == FIREWALL:
            made |= {"status": "succeeded", "pending_changes": []}
        elif kind is _ALERTS:
            made["uuid"] = number
        self.made[kind.type, str(number)] = made
        return made

    def _with(
        self, kind: _Kind, number: str, method: str, body: Properties
    ) -> tuple[HTTPStatus, Properties | None]:
        key = (kind.type, number)
        found = self.made.get(key) or self._given.get(key)
        if found is None:
            said = "The resource you were accessing could not be found."
            return HTTPStatus.NOT_FOUND, {"id": "not_found", "message": said}
        if method == "DELETE":
            self.made.pop(key, None)
            return HTTPStatus.NO_CONTENT, None
        if method == "PUT":
            found |= body
        return HTTPStatus.OK, {kind.one: found}


class _Server(ThreadingHTTPServer):
    account: Account


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body: Properties = json.loads(self.rfile.read(length)) if length else {}
        url = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        if self.headers.get("Authorization", "").removeprefix("Bearer "):
            path = url.path.removeprefix("/v2/")
            status, said = self.server.account.answer(self.command, path, asked, body)
        else:
            status, said = HTTPStatus.UNAUTHORIZED, {"message": "Unable to authenticate you"}
        text = b"" if said is None else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - as the server calls them

    def log_message(self, *_: object) -> None:
        """Say nothing: what is asked for holds a token."""
