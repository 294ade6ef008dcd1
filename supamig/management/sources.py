"""What an edge function was deployed from: its files, or one archive where the API has no more."""

from __future__ import annotations

from dataclasses import dataclass
from email import policy
from email.parser import BytesParser
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import MIMEPart

#: What Supabase's runtime bundles a function into; `edge-runtime unbundle` takes it apart.
ARCHIVE = "function.eszip"


@dataclass(frozen=True, slots=True)
class Source:
    """Files by their path below the function's directory; ``is_archive`` where it is only one."""

    files: Mapping[str, bytes]

    @property
    def is_archive(self) -> bool:
        """Whether the source is an archive that must be taken apart first."""
        return set(self.files) == {ARCHIVE}


def read_source(kind: str, content: bytes) -> Source:
    """Read an answer of the given `Content-Type`: a form with a part for each file, or an archive.

    A path that would lead out of the function's directory is cut to its name.
    """
    if not kind.lower().startswith("multipart/"):
        return Source({ARCHIVE: content})
    head = f"MIME-Version: 1.0\r\nContent-Type: {kind}\r\n\r\n".encode()
    form = BytesParser(policy=policy.HTTP).parsebytes(head + content)
    files = {}
    for part in form.iter_parts():
        path = _path(part)
        payload = part.get_payload(decode=True)
        if path and isinstance(payload, bytes):
            files[path] = payload
    return Source(files or {ARCHIVE: content})


def _path(part: MIMEPart) -> str:
    """Return where a part belongs: a header of Supabase's says it, or the form's own file name."""
    given = part.get("Supabase-Path") or part.get_filename() or ""
    path = PurePosixPath(str(given).strip())
    parts = [one for one in path.parts if one not in {"/", ".", ".."}]
    if path.is_absolute() or len(parts) != len([one for one in path.parts if one != "."]):
        parts = parts[-1:]
    return "/".join(parts)
