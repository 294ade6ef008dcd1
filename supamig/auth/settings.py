"""What both Auth servers say of their settings at `/settings`, which needs no right but a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Unavailable
from supamig.services import auth_checker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from supamig.protocols import Validator
    from supamig.services import ServiceClient, ServiceContext

_CHECK = "auth.settings"
#: Each with what a difference does to people.
_MEANING = {
    "disable_signup": "whether new people can sign up",
    "mailer_autoconfirm": "whether an address counts as confirmed without a mail",
    "phone_autoconfirm": "whether a number counts as confirmed without a message",
    "sms_provider": "which provider sends messages",
    "saml_enabled": "whether companies sign in by SAML",
    "passkeys_enabled": "whether people sign in by passkeys",
}
#: Names of the Management API that differ from those of `/settings`.
_ELSEWHERE = {"external_anonymous_users_enabled": "external.anonymous_users"}


@auth_checker(_CHECK, title="Sign-up, confirmation and providers are set as on the source")
def settings(context: ServiceContext) -> Iterable[Finding]:
    """Compare `/settings` of both sides; without the source, with its saved settings."""
    there = _source(context)
    here = _flat(_read(context.target_api))
    for name in sorted(there):
        if name in here and here[name] != there[name]:
            meaning = _MEANING.get(name) or f"whether people sign in by {name.partition('.')[2]}"
            yield Finding(
                check=_CHECK,
                severity=Severity.ERROR,
                subject=name,
                message=f"`{name}` is {_shown(here[name])}, on the source {_shown(there[name])}:"
                f" {meaning}",
                hint=f"Set `{_variable(name)}` of the Auth server and start it anew",
                evidence={"source": there[name], "target": here[name]},
            )


def _source(context: ServiceContext) -> dict[str, Any]:
    if context.source_api.is_known:
        try:
            return _flat(_read(context.source_api))
        except Unavailable:
            if not context.expected:
                raise
    if context.expected:
        return _of_configuration(context.expected)
    reason = "neither the source's services nor its saved settings (`auth.config_file`) are known"
    raise Unavailable(reason)


def _read(api: ServiceClient) -> Any:  # noqa: ANN401 - JSON
    answer = api.call("GET", "/auth/v1/settings")
    if not answer.is_ok or not isinstance(answer.body, dict):
        raise Unavailable(f"the {api.label}'s Auth server answers {answer.said} to /settings")
    return answer.body


def _flat(found: Mapping[str, Any]) -> dict[str, Any]:
    flat = {name: found[name] for name in _MEANING if name in found}
    providers = found.get("external")
    if isinstance(providers, dict):
        flat |= {f"external.{name}": on for name, on in providers.items()}
    return flat


def _of_configuration(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the Management API calls by another name."""
    flat: dict[str, Any] = {name: found[name] for name in _MEANING if name in found}
    for name, value in found.items():
        if name in _ELSEWHERE:
            flat[_ELSEWHERE[name]] = value
        elif name.startswith("external_") and name.endswith("_enabled"):
            flat[f"external.{name.removeprefix('external_').removesuffix('_enabled')}"] = value
    return {name: value for name, value in flat.items() if value is not None}


def _variable(name: str) -> str:
    if name.startswith("external."):
        return f"GOTRUE_EXTERNAL_{name.partition('.')[2].upper()}_ENABLED"
    return f"GOTRUE_{name.replace('phone_', 'sms_').upper()}"


def _shown(value: object) -> str:
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


@hookimpl
def supamig_auth_checkers() -> list[Validator]:
    """Hand over the check of the settings."""
    return [settings]
