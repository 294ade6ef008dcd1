"""HTTP to the services of one side: which key is shown, how long is waited, what was answered.

Keys and tokens leave in headers and bodies alone; no `repr` and no message holds one.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from json import loads
from typing import TYPE_CHECKING, Any, Literal

from supamig import bounded
from supamig.protocols import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    from supamig.config import Api
    from supamig.secret import Secret
    from supamig.services.pacing import Pace

#: Which API key a request shows.
Key = Literal["anon", "service", "none"]
_TOO_MANY = 429
#: So often is a request repeated that came too fast.
_PATIENCE = 3
_TOO_FAST_SECONDS = 5.0
#: An answer of a service is short; what is longer is something else.
_LONGEST = 10_000_000
#: So much of the word for an error is shown.
_LONGEST_CODE = 100
_WORDS = {"anon": "anon", "service": "service role"}


class NoAnswer(Unavailable):
    """No server answered, or it broke off: what the check wanted to know, nobody knows.

    A check that needs the target's answer was not left out, as the target should answer.
    """

    def __init__(self, message: str, *, label: str) -> None:
        super().__init__(message)
        self.is_skipped = label != "target"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered: ``body`` is its JSON, or None where it is none."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: Any = field(repr=False)
    text: str = field(repr=False)

    @property
    def is_ok(self) -> bool:
        """Whether the service did what it was asked."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP

    @property
    def code(self) -> str:
        """The Auth server's or PostgREST's word for an error, or nothing."""
        if isinstance(self.body, dict):
            for name in ("error_code", "code", "error"):
                if isinstance(self.body.get(name), str):
                    return str(self.body[name])[:_LONGEST_CODE]
        return str(self.headers.get("x-sb-error-code", ""))

    @property
    def said(self) -> str:
        """Status and error in a few words, for people: `400 invalid_credentials`."""
        words = [str(self.status), self.code]
        if self.status >= 500 and isinstance(self.body, dict):  # noqa: PLR2004 - HTTP
            words.append(str(self.body.get("msg") or self.body.get("message") or "")[:200])
        return " ".join(word for word in words if word)

    def get(self, name: str) -> Any:  # noqa: ANN401 - a value of JSON
        """Return a member of the JSON object that was answered, or None."""
        return self.body.get(name) if isinstance(self.body, dict) else None


class ServiceClient:
    """The services of one side; every call raises `Unavailable` while no address is known.

    Cheap to make: the connections are those of ``http``, which many share.
    """

    def __init__(  # noqa: PLR0913 - what a run decides, each by name
        self,
        label: str,
        api: Api | None,
        http: httpx.Client,
        *,
        pace: Pace,
        cancelled: Callable[[], bool] = lambda: False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.label = label
        self._api = api
        self._http = http
        self._pace = pace
        self._cancelled = cancelled
        self._sleep = sleep

    def __repr__(self) -> str:
        return f"ServiceClient({self.label!r}, {self._api.url if self._api else None!r})"

    @property
    def api(self) -> Api:
        """Address and keys; raise `Unavailable` where no address is known."""
        if self._api is None:
            name = "SUPABASE_URL" if self.label == "source" else "SUPAMIG_TARGET_URL"
            raise Unavailable(f"no address of the {self.label}'s services is given: set {name}")
        return self._api

    @property
    def is_known(self) -> bool:
        """Whether an address is given."""
        return self._api is not None

    def key(self, kind: Key) -> Secret:
        """Return an API key in whichever form is known; raise `Unavailable` where none is."""
        api = self.api
        two = {
            "anon": (api.anon_key, api.publishable_key),
            "service": (api.service_role_key, api.secret_key),
        }[kind]
        found = next((key for key in two if key), None)
        if found is None:
            prefix = "SUPABASE" if self.label == "source" else "SUPAMIG_TARGET"
            name = f"{prefix}_{'ANON' if kind == 'anon' else 'SERVICE_ROLE'}_KEY"
            raise Unavailable(f"the {self.label}'s {_WORDS[kind]} key is not known: set {name}")
        return found

    def call(  # noqa: PLR0913 - the parts of a request, each by name
        self,
        method: str,
        path: str,
        *,
        key: Key | Secret = "anon",
        token: Secret | None = None,
        json: Any = None,  # noqa: ANN401 - a value of JSON
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Answer:
        """Ask for ``path`` below the gateway and return the answer, whatever its status.

        ``key`` goes into `apikey`; a key that is a token is the bearer too unless ``token`` is
        given.  Raise `NoAnswer` where no server answers within ``timeout`` seconds.
        """
        url = self.api.url + path
        sent = dict(headers or {}) | self._identity(key, token)
        for attempt in range(1, _PATIENCE + 1):
            self.wait(self._pace.request(path))
            answer = self._ask(method, url, sent, json, timeout)
            if answer.status != _TOO_MANY or attempt == _PATIENCE:
                break
            self.wait(_TOO_FAST_SECONDS)
        return answer

    def _identity(self, key: Key | Secret, token: Secret | None) -> dict[str, str]:
        shown = "" if key == "none" else (self.key(key) if isinstance(key, str) else key).reveal()
        if shown != shown.strip() or not (shown.isascii() and shown.isprintable()):
            raise Unavailable(f"a key of the {self.label} holds what no HTTP header may hold")
        bearer = token.reveal() if token else shown if shown.startswith("eyJ") else ""
        sent = {"apikey": shown} if shown else {}
        return sent | ({"authorization": f"Bearer {bearer}"} if bearer else {})

    def _ask(
        self, method: str, url: str, headers: Mapping[str, str], json: object, timeout: float | None
    ) -> Answer:
        import httpx  # slow to import, and a list of checks asks nobody

        limit = self._http.timeout if timeout is None else httpx.Timeout(timeout)
        try:
            with self._http.stream(
                method, url, headers=dict(headers), json=json, timeout=limit
            ) as got:
                content, is_late = bounded.read(got, longest=_LONGEST, seconds=limit.read or 0.0)
                if is_late:
                    raise httpx.ReadTimeout("the answer has no end", request=got.request)
        except (httpx.RequestError, httpx.InvalidURL) as error:
            why = type(error).__name__ if isinstance(error, httpx.TimeoutException) else str(error)
            message = f"the {self.label}'s services do not answer at {self.api.url}: {why}"
            raise NoAnswer(message, label=self.label) from error
        except UnicodeError:
            # not chained: its text may hold a token
            message = f"the {self.label}'s services cannot be asked at {self.api.url}"
            raise NoAnswer(message, label=self.label) from None
        if len(content) > _LONGEST:
            content = b""
        body = None
        with contextlib.suppress(ValueError, RecursionError):
            body = loads(content) if content else None
        return Answer(got.status_code, got.headers, body, content.decode("utf-8", "replace"))

    def wait(self, seconds: float) -> None:
        """Sleep so long, in short pieces; raise `Unavailable` when the check is cancelled."""
        left = seconds
        while True:
            if self._cancelled():
                raise Unavailable("the check was cancelled at its deadline")
            if left <= 0:
                return
            self._sleep(min(left, 0.2))
            left -= 0.2

    def before_mail(self, address: str) -> None:
        """Wait until the server would mail ``address`` again."""
        self.wait(self._pace.mail(address))
