"""The whole of it: from a project's answers to `[deployment]`, what to ask for, what to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.deployment.cloud import services
from supamig.deployment.cloud.addresses import callback, saml_addresses
from supamig.deployment.cloud.auth import AuthCarrier
from supamig.deployment.cloud.carried import Asked, Carried, finding
from supamig.models import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supamig.management.snapshot import Snapshot
    from supamig.models import Finding


def carry(project: Snapshot, *, public_url: str) -> Carried:
    """Return the settings of a deployment at ``public_url`` that behaves as the project does."""
    auth = AuthCarrier(
        project.auth,
        hosts=project.hosts,
        public_url=public_url,
        digests=project.secrets,
    )
    limits = project.table("realtime")
    runtime, asked, about_functions = services.functions(
        project.listed("functions"), project.listed("function_secrets")
    )
    tables = {
        "auth": auth.table,
        "rest": services.rest(project.table("postgrest")),
        "realtime": services.realtime(limits),
        "storage": services.storage(project.table("storage")),
    }
    providers = auth.providers
    findings = [
        *auth.findings,
        *services.realtime_findings(limits),
        *about_functions,
        *_about(project, providers=providers, public_url=public_url),
    ]
    return Carried(
        table={name: table for name, table in tables.items() if table} | runtime,
        pages=auth.pages,
        asked=tuple(_once([*auth.asked, *asked])),
        fields=tuple(auth.fields),
        findings=tuple(findings),
        providers=providers,
        callback=callback(public_url),
    )


def _once(asked: list[Asked]) -> list[Asked]:
    return list({one.name: one for one in asked}.values())


def _about(project: Snapshot, *, providers: tuple[str, ...], public_url: str) -> Iterator[Finding]:
    for name in providers:
        message = f"`{name}` must send people back to {callback(public_url)}"
        hint = "Enter it in the provider's console beside the project's own"
        yield finding("redirect-address", Severity.INFO, name, message, hint)
    if project.auth.get("saml_enabled"):
        metadata, acs = saml_addresses(public_url)
        message = f"identity providers must be given {metadata}, and answer to {acs}"
        hint = "With a new SAML key the metadata is another one, too"
        yield finding("saml-address", Severity.WARNING, "saml", message, hint)
    for issuer in project.listed("third_party_auth"):
        name = str(issuer.get("oidc_issuer_url") or issuer.get("type") or issuer.get("id"))
        message = f"tokens of `{name}` are accepted at the source, and a deployment knows no other"
        message += " issuers than its own"
        hint = "Its public keys can be added: `supamig keys new --trust FILE`"
        yield finding("third-party-auth", Severity.WARNING, name, message, hint)
    kinds = [str(key.get("type")) for key in project.listed("api_keys")]
    for kind in ("publishable", "secret"):
        if kinds.count(kind) > 1:
            message = f"the project has {kinds.count(kind)} {kind} keys; a deployment knows one"
            hint = "The one named `default` is kept: give it to whoever uses another"
            yield finding("more-api-keys", Severity.WARNING, kind, message, hint)
