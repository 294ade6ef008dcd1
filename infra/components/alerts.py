"""Mail before a disk is full, and when nobody answers any more."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pulumi
import pulumi_digitalocean as digitalocean

if TYPE_CHECKING:
    from infra.settings import AlertsSettings

_TYPE = "v1/insights/droplet/{}"
#: The one address that answers 200 without a key, through the gateway, from the auth service.
_ALIVE = "/auth/v1/.well-known/jwks.json"


class Alerts(pulumi.ComponentResource):
    """Alerts on CPU, memory and disk of the droplet, and an uptime check from outside."""

    def __init__(  # noqa: PLR0913 - each by name
        self,
        name: str,
        settings: AlertsSettings,
        *,
        droplet_id: pulumi.Output[int],
        public_url: str,
        gate: pulumi.Resource | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("supamig:infra:Alerts", name, None, opts)
        below = pulumi.ResourceOptions(parent=self, depends_on=[gate] if gate else [])
        emails = list(settings.emails)
        for what, percent in (
            ("cpu", settings.cpu),
            ("memory_utilization_percent", settings.memory),
            ("disk_utilization_percent", settings.disk),
        ):
            word = what.partition("_")[0]
            digitalocean.MonitorAlert(
                f"{name}-{word}",
                alerts=digitalocean.MonitorAlertAlertsArgs(emails=emails),
                compare="GreaterThan",
                type=_TYPE.format(what),
                value=percent,
                window="10m",
                entities=[droplet_id.apply(str)],
                description=f"Supabase: {word} above {percent} % for 10 minutes",
                opts=below,
            )
        if settings.uptime:
            self._uptime(name, public_url, emails, below)
        self.register_outputs({})

    def _uptime(
        self, name: str, public_url: str, emails: list[str], below: pulumi.ResourceOptions
    ) -> None:
        check = digitalocean.UptimeCheck(
            name,
            name="supabase",
            target=public_url + _ALIVE,
            type=urlsplit(public_url).scheme,
            regions=["eu_west", "us_east"],
            opts=below,
        )
        digitalocean.UptimeAlert(
            name,
            name="supabase is down",
            check_id=check.id,
            type="down_global",
            period="2m",
            notifications=[digitalocean.UptimeAlertNotificationArgs(emails=emails)],
            opts=below,
        )
