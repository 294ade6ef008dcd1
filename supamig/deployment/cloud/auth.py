"""The configuration of Auth as `[deployment.auth]`: every field that is set has a fate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from supamig.deployment.auth_settings import Mail
from supamig.deployment.cloud import fields
from supamig.deployment.cloud.addresses import moved
from supamig.deployment.cloud.auth_places import PLACES, put
from supamig.deployment.cloud.carried import Asked, finding
from supamig.deployment.cloud.fields import Field
from supamig.deployment.cloud.values import UnreadableValueError, commas, written
from supamig.models import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supamig.secret import Secret

_MAILS = frozenset(get_args(Mail))
_FORWARDED = "GOTRUE_RATE_LIMIT_HEADER"


class AuthCarrier:
    """Goes through the fields once; then its attributes are the result."""

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        hosts: tuple[str, ...],
        public_url: str,
        digests: Mapping[str, Secret],
    ) -> None:
        self._config = config
        self._hosts = hosts
        self._public_url = public_url
        self._digests = digests
        self.table: dict[str, Any] = {}
        self.pages: dict[str, str] = {}
        self.asked: list[Asked] = []
        self.fields: list[Field] = []
        self.findings: list[Finding] = []
        self._extra: dict[str, str] = {}
        self._extra_secrets: list[str] = []
        for name in sorted(config):
            if config[name] not in (None, ""):
                self._take(name, config[name])
        self._finish()

    @property
    def providers(self) -> tuple[str, ...]:
        """The OAuth providers that are on."""
        return tuple(self.table.get("providers", ()))

    def _take(self, name: str, value: Any) -> None:  # noqa: ANN401 - JSON
        if reason := fields.why_left_out(name, self._config):
            self._note(name, "left out", reason=reason)
        elif template := fields.TEMPLATE.fullmatch(name):
            self._page(name, template["name"], str(value))
        elif name.endswith("_additional_client_ids"):
            self._note(name, "carried", goes_to=name.replace("additional_client_ids", "client_id"))
        elif not fields.is_known(name):
            self._unknown(name)
        elif fields.is_secret(name, value):
            self._ask(name)
        else:
            self._carry(name, value)

    def _note(self, name: str, fate: fields.Fate, *, goes_to: str = "", reason: str = "") -> None:
        self.fields.append(Field(name=name, fate=fate, goes_to=goes_to, reason=reason))

    def _unknown(self, name: str) -> None:
        reason = f"auth of this release reads no {fields.variable(name)}"
        self._note(name, "unknown", reason=reason)
        message = f"the field `{name}` of the project's configuration is not known here: {reason}"
        hint = "It is kept in auth_config.json; see what it does before you switch over"
        self._find("auth-field-unknown", Severity.WARNING, name, message, hint)

    def _page(self, name: str, mail: str, content: str) -> None:
        if mail not in _MAILS:
            self._unknown(name)
            return
        self.pages[mail] = content
        self._note(name, "carried", goes_to=f"auth.templates.{mail}")

    def _ask(self, name: str) -> None:
        if hook := fields.hook_of(name):
            # a function in the database is called without a signature
            if str(self._config.get(f"hook_{hook}_uri") or "").startswith("pg-functions:"):
                self._note(name, "left out", reason="the hook is a function of the database")
                return
            secret = name.upper()
        elif provider := fields.provider_of(name):
            secret = f"{provider.upper()}_SECRET"
        elif name == "smtp_pass":
            secret = "SMTP_PASS"  # noqa: S105 - a name
        elif name == "sms_twilio_auth_token" and self._has_twilio:
            secret = "SMS_TWILIO_AUTH_TOKEN"  # noqa: S105 - a name
        else:
            secret = fields.variable(name)
            self._extra_secrets.append(secret)
        self._note(name, "asked", goes_to=secret, reason="the API shows a digest of it")
        self._want(secret, name)

    def _want(self, secret: str, field: str, what: str = "") -> None:
        digest = self._digests.get(f"DIGEST_{field.upper()}")
        self.asked.append(Asked(name=secret, what=what or field, digest=digest))

    def _carry(self, name: str, value: Any) -> None:  # noqa: ANN401 - JSON
        variable = fields.variable(name)
        if name.startswith("hook_") and name.endswith("_uri"):
            value = self._hook(name, str(value))
        elif name.endswith("_client_id"):
            more = self._config.get(name.replace("client_id", "additional_client_ids")) or ""
            value = ",".join(commas(f"{value},{more}"))
        try:
            text = written(name, variable, value)
        except UnreadableValueError as error:
            self._note(name, "left out", reason=f"it must be {error}")
            message = f"auth would not start with the project's `{name}`: it must be {error}"
            hint = f"Set {variable} in `[deployment.auth.extra]`"
            self._find("value-unreadable", Severity.ERROR, name, message, hint)
            return
        if not text:
            self._note(name, "left out", reason="0 is no limit")
            return
        if place := self._place(name):
            put(self.table, place, value, text)
            self._note(name, "carried", goes_to=".".join(("auth", *place)))
        else:
            self._extra[variable] = text
            self._note(name, "carried", goes_to=variable)

    def _place(self, name: str) -> tuple[str, ...]:
        if provider := fields.provider_of(name):
            part = name.removeprefix(f"external_{provider}_")
            return ("providers", provider, part)
        if hook := fields.hook_of(name):
            return ("hooks", hook, name.removeprefix(f"hook_{hook}_"))
        if name.startswith("sms_") and name != "sms_autoconfirm" and not self._has_twilio:
            return ()
        return PLACES.get(name, ())

    @property
    def _has_twilio(self) -> bool:
        named = ("sms_twilio_account_sid", "sms_twilio_message_service_sid")
        chosen = self._config.get("sms_provider") == "twilio"
        return chosen and all(self._config.get(name) for name in named)

    def _hook(self, name: str, uri: str) -> str:
        there = moved(uri, hosts=self._hosts, public_url=self._public_url)
        if there != uri and not there.startswith("https:"):
            message = f"the hook `{name}` is a function of the project, now at {there}"
            hint = "auth calls hooks by https only: set `public_url` to the https address"
            self._find("hook-address", Severity.ERROR, name, message, hint)
        return there

    def _finish(self) -> None:
        """Add what follows from several fields, and say what is missing."""
        self._providers()
        self._hooks()
        if self._config.get("saml_enabled"):
            self.table.setdefault("saml", {}).pop("enabled", None)
            self._want("SAML_PRIVATE_KEY", "saml_private_key", "the key that signs SAML requests")
        if any(name.startswith("GOTRUE_RATE_LIMIT_") for name in self._extra):
            # without a header there are no limits for each client at all
            self._extra[_FORWARDED] = "X-Forwarded-For"
        self._mail()
        if self._extra:
            self.table["extra"] = dict(sorted(self._extra.items()))
        if self._extra_secrets:
            self.table["extra_secrets"] = sorted(self._extra_secrets)
        for asked in self.asked:
            message = f"the secret `{asked.name}` ({asked.what}) cannot be read at the source"
            hint = f"`supamig keys new --set {asked.name}=env:{asked.name}` takes it"
            self._find("secret-needed", Severity.WARNING, asked.name, message, hint)

    def _providers(self) -> None:
        for name, provider in list(self.table.get("providers", {}).items()):
            provider.pop("enabled", None)
            if not provider.get("client_id"):
                del self.table["providers"][name]
                message = f"the provider `{name}` is on, and has no client id"
                self._find("provider-without-id", Severity.ERROR, name, message)
            elif not self._asks(f"{name.upper()}_SECRET"):
                message = f"the provider `{name}` is on, and has no secret at the source"
                self._find("provider-without-secret", Severity.WARNING, name, message)
                self._want(f"{name.upper()}_SECRET", f"external_{name}_secret")

    def _hooks(self) -> None:
        for point, hook in list(self.table.get("hooks", {}).items()):
            hook.pop("enabled", None)
            named = f"HOOK_{point.upper()}_SECRETS"
            if not hook.get("uri"):
                del self.table["hooks"][point]
                message = f"the hook `{point}` is on, and has no address"
                self._find("hook-without-address", Severity.ERROR, point, message)
            elif not hook["uri"].startswith("pg-functions:") and not self._asks(named):
                self._want(named, named.lower(), f"what signs calls of the hook {point}")

    def _mail(self) -> None:
        smtp = self.table.get("smtp")
        if smtp is None:
            if self._config.get("external_email_enabled") and not self._sends_by_hook:
                message = "the project sends mail through Supabase's own server, and none is here"
                hint = "Set `[deployment.auth.smtp]`: until then every mail is dropped"
                self._find("mail-server-missing", Severity.WARNING, "smtp", message, hint)
            return
        smtp.setdefault("sender_name", "")
        if not smtp.get("admin_email"):
            smtp["admin_email"] = ""
            message = "the project's mail has no sender's address"
            hint = "Set `auth.smtp.admin_email`"
            self._find("mail-sender-missing", Severity.ERROR, "smtp_admin_email", message, hint)
        if smtp.get("user") and not self._asks("SMTP_PASS"):
            self._want("SMTP_PASS", "smtp_pass")

    @property
    def _sends_by_hook(self) -> bool:
        return "send_email" in self.table.get("hooks", {})

    def _asks(self, secret: str) -> bool:
        return any(asked.name == secret for asked in self.asked)

    def _find(
        self, check: str, severity: Severity, subject: str, message: str, hint: str = ""
    ) -> None:
        self.findings.append(finding(check, severity, subject, message, hint))
