"""What carrying a project's configuration over comes to: settings, secrets to ask for, findings."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from supamig.models import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supamig.deployment.cloud.fields import Field
    from supamig.secret import Secret

SETTINGS = "deployment.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A secret that the API does not hand out: ``digest`` is what it shows instead, if anything."""

    name: str
    what: str
    digest: Secret | None = None

    def is_same(self, secret: Secret, *, project_ref: str) -> bool | None:
        """Tell whether a secret is the project's own; None where nobody can tell."""
        if self.digest is None:
            return None
        made = hmac.new(project_ref.encode(), secret.reveal().encode(), hashlib.sha256).hexdigest()
        return hmac.compare_digest(made, self.digest.reveal())


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """``table`` is `[deployment]` of supamig.toml without its secrets and pages of mail."""

    table: Mapping[str, Any]
    #: Pages of mail by name.
    pages: Mapping[str, str] = field(default_factory=dict)
    asked: tuple[Asked, ...] = ()
    fields: tuple[Field, ...] = ()
    findings: tuple[Finding, ...] = ()
    #: The providers that must be given the deployment's address, and that address.
    providers: tuple[str, ...] = ()
    callback: str = ""

    def settings(self) -> dict[str, Any]:
        """Return the whole table, with the text of each page in it."""
        if not self.pages:
            return dict(self.table)
        auth = {**self.table.get("auth", {}), "templates": dict(self.pages)}
        return {**self.table, "auth": auth}

    def files(self) -> dict[str, str]:
        """Return what `[deployment] from_cloud` can name: settings, and pages of mail by file."""
        names = {name: f"templates/{name}.html" for name in sorted(self.pages)}
        table = dict(self.table)
        if names:
            table["auth"] = {**table.get("auth", {}), "templates": names}
        text = json.dumps(table, indent=2, ensure_ascii=False) + "\n"
        return {SETTINGS: text} | {names[name]: self.pages[name] for name in names}


def finding(check: str, severity: Severity, subject: str, message: str, hint: str = "") -> Finding:
    """Return a finding of this package; all their checks begin with `cloud`."""
    return Finding(
        check=f"cloud.{check}", severity=severity, subject=subject, message=message, hint=hint
    )
