"""What is to be served, as the parent tells the child."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be served; the names are those of `serve`."""

    dsn: str = field(repr=False)
    jwt_secret: str = field(repr=False)
    env: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    port: int = 0
    auth_url: str = ""
    clock_offset: float = 0.0
    certificate: str = ""

    def written(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self)
