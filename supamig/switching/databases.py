"""Connection strings of applications: those that name the source's database, made the target's.

The role stays as it is: an application is never handed the target's administrator.  Its database
name and options stay too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from supamig.config import Settings
    from supamig.secret import Secret

#: A connection string as a URI, also SQLAlchemy's and JDBC's.
URI: Final = r"\bpostgres(?:ql)?(?:\+\w+)?://[^\s\"']+"
_PARTS: Final = re.compile(
    r"(?P<scheme>[\w+]+)://(?:(?P<user>[^:@/?]*)(?::(?P<password>[^@/?]*))?@)?"
    r"(?P<host>\[[^\]]*\]|[^:/?]*)(?::(?P<port>\d*))?(?:/(?P<name>[^?]*))?(?:\?(?P<options>.*))?",
    re.IGNORECASE,
)
_CLOUD: Final = (".supabase.co", ".supabase.com")
_PORT: Final = "5432"
#: A shorter password may be equal to something else.
_TELLING: Final = 8


class Databases:
    """Both databases, as connection strings name them."""

    def __init__(self, settings: Settings) -> None:
        self._reference = settings.project_ref
        self._source = _read(settings.source)
        self._target = _read(settings.target)
        _, _, behind = self._source.get("user", "").partition(".")
        self._project = self._reference or behind
        self.is_known = bool(self._target) and bool(self._source or self._reference)
        #: Values that stand for themselves: what each is, and what it becomes.
        self.parts = dict(self._single_parts()) if self.is_known else {}

    def target_words(self) -> dict[str, str | None]:
        """Return the parts of the target's connection string by the words of the settings."""
        known = self._target
        words: dict[str, str | None] = {
            f"db_{name}": known.get(part)
            for name, part in (
                ("host", "host"),
                ("port", "port"),
                ("user", "user"),
                ("password", "password"),
                ("name", "dbname"),
            )
        }
        if known:
            login = quote(known.get("user", "postgres"), safe="")
            if known.get("password"):
                login += ":" + quote(known["password"], safe="")
            place = f"{known.get('host', 'localhost')}:{known.get('port', _PORT)}"
            words["dsn"] = f"postgresql://{login}@{place}/{known.get('dbname', 'postgres')}"
        return {"dsn": None, **words}

    def uri(self, text: str) -> str:
        """Return a URI for the target, or as it is when it is about another server."""
        found = _PARTS.fullmatch(text)
        if found is None or not self._is_source(
            unquote(found["host"]), found["port"] or _PORT, unquote(found["user"] or "")
        ):
            return text
        made = f"{found['scheme']}://"
        if found["user"] is not None:
            made += _again(found["user"], self._user)
            if found["password"] is not None:
                made += ":" + _again(found["password"], self._password)
            made += "@"
        made += f"{self._target.get('host', '')}:{self._target.get('port', _PORT)}"
        if found["name"] is not None:
            made += "/" + _again(found["name"], self._name)
        if found["options"] is not None:
            made += "?" + "&".join(map(self._option, found["options"].split("&")))
        return made

    def _option(self, text: str) -> str:
        name, equals, value = text.partition("=")
        if name.lower() == "sslmode" and self._target.get("sslmode"):
            return f"{name}={self._target['sslmode']}"
        become = {"user": self._user, "password": self._password}.get(name.lower())
        return f"{name}{equals}{_again(value, become)}" if become else text

    def conninfo(self, text: str) -> str | None:
        """Return `host=... user=...` for the target; None where the text is no such thing of it."""
        if "=" not in text or "://" in text or "host" not in text:
            return None
        try:
            parts = {name: str(value) for name, value in conninfo_to_dict(text).items()}
        except ProgrammingError:
            return None
        user = parts.get("user", "")
        if not self.is_known or not self._is_source(
            parts.get("host", ""), parts.get("port", _PORT), user
        ):
            return None
        maps = {"user": self._user, "password": self._password, "dbname": self._name}
        made = {name: maps.get(name, str)(value) for name, value in parts.items()}
        made |= {"host": self._target.get("host", ""), "port": self._target.get("port", _PORT)}
        if "sslmode" in made:
            made["sslmode"] = self._target.get("sslmode", made["sslmode"])
        return make_conninfo("", **made)

    def _is_source(self, host: str, port: str, user: str) -> bool:
        """Tell whether it is the source: by its host, or at a pooler by its user."""
        if self._reference:
            if host == f"db.{self._reference}.supabase.co":
                return True
            if host.endswith(_CLOUD) and user.endswith(f".{self._reference}"):
                return True
        if not self._source or host != self._source.get("host"):
            return False
        if host.endswith(_CLOUD):
            # its poolers are shared by many projects, whose users tell them apart
            ours = self._source.get("user", "")
            return ".pooler." not in host or user.rpartition(".")[2] == ours.rpartition(".")[2]
        return port == self._source.get("port", _PORT)

    def _user(self, user: str) -> str:
        """Take off the project behind the name, which poolers of the cloud tell projects by."""
        return user.removesuffix(f".{self._project}") if self._project else user

    def _password(self, password: str) -> str:
        """Replace the source's password; any other is a role's own, and moved with it."""
        is_ours = password == self._source.get("password")
        return self._target.get("password", password) if is_ours else password

    def _name(self, name: str) -> str:
        is_ours = name == self._source.get("dbname", "postgres")
        return self._target.get("dbname", "postgres") if is_ours else name

    def _single_parts(self) -> Iterator[tuple[str, tuple[str, str]]]:
        host = self._source.get("host", "")
        hosts = {f"db.{self._reference}.supabase.co"} if self._reference else set()
        # a name without dots, or a number, may be meant for anything
        if re.search(r"[a-z].*\.", host):
            hosts.add(host)
        for old in hosts:
            yield old, ("database host", self._target.get("host", ""))
        if self._project:
            yield f"postgres.{self._project}", ("database user", "postgres")
        password = self._source.get("password", "")
        public = (self._source.get("user"), self._source.get("dbname"))
        if len(password) >= _TELLING and password not in public:
            yield password, ("database password", self._password(password))


def _again(text: str, become: Callable[[str], str]) -> str:
    """Replace one part of a URI, which is left as it is written where it stays."""
    plain = unquote(text)
    after = become(plain)
    return text if after == plain else quote(after, safe="")


def _read(dsn: Secret | None) -> dict[str, str]:
    if dsn is None:
        return {}
    return {name: str(value) for name, value in conninfo_to_dict(dsn.reveal()).items()}
