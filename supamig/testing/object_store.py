"""Stands in for an S3 object store (Spaces, MinIO) on the loopback: objects, parts, signatures.

It knows one bucket and one key, checks the signature (version 4) of every request as a real one
does, and keeps the objects in memory.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d+)/([^/]+)/s3/aws4_request, "
    r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})"
)

#: What a client that lets TLS protect the body says in place of its sum.
_UNSIGNED = "UNSIGNED-PAYLOAD"
_NOTE = "x-amz-meta-"


class ObjectStore:
    """One bucket: ``objects`` by name; ``damage`` changes what arrives, as a bad disk would."""

    def __init__(self, bucket: str, access_key: str, secret_key: str) -> None:
        self.bucket = bucket
        self.access_key = access_key
        self.secret_key = secret_key
        self.objects: dict[str, bytes] = {}
        self.tags: dict[str, str] = {}
        self.notes: dict[str, dict[str, str]] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.damage = False
        self.url = ""

    def keep(self, name: str, content: bytes, tag: str) -> None:
        """Keep an object."""
        self.objects[name], self.tags[name] = content, tag

    def note(self, name: str, headers: Message) -> None:
        """Keep what a client says of an object, in headers of its own."""
        self.notes[name] = {
            one: value for one, value in headers.items() if one.lower().startswith(_NOTE)
        }


@contextmanager
def object_store(
    bucket: str, access_key: str, secret_key: str, *, address: str = "127.0.0.1"
) -> Iterator[ObjectStore]:
    """Serve an empty bucket on an address of this machine until the end of the block."""
    store = ObjectStore(bucket, access_key, secret_key)

    class Handler(_Handler):
        kept = store

    server = ThreadingHTTPServer((address, 0), Handler)
    store.url = f"http://{address}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _md5(data: bytes) -> Any:
    return hashlib.md5(data, usedforsecurity=False)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    kept: ObjectStore

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""

    def do_PUT(self) -> None:
        """Take an object or a part of one."""
        body = self._body()
        name, query = self._asked(body)
        if name is None:
            return
        tag = _md5(body).hexdigest()
        if self.kept.damage:
            body, tag = body[:-1] + b"?", _md5(body[:-1] + b"?").hexdigest()
        if "uploadId" in query:
            self.kept.parts[query["uploadId"]][int(query["partNumber"])] = body
        else:
            self.kept.keep(name, body, tag)
            self.kept.note(name, self.headers)
        self._answer(200, headers={"ETag": f'"{tag}"'})

    def do_POST(self) -> None:
        """Begin an object in parts, or put its parts together."""
        name, query = self._asked(self._body())
        if name is None:
            return
        if "uploads" in query:
            self.kept.parts[name] = {}
            self.kept.note(name, self.headers)
            self._answer(
                200,
                f"<InitiateMultipartUploadResult><Bucket>{self.kept.bucket}</Bucket>"
                f"<Key>{name}</Key><UploadId>{name}</UploadId></InitiateMultipartUploadResult>",
            )
            return
        parts = [part for _, part in sorted(self.kept.parts.pop(query["uploadId"]).items())]
        digest = _md5(b"".join(_md5(part).digest() for part in parts)).hexdigest()
        tag = f"{digest}-{len(parts)}"
        self.kept.keep(name, b"".join(parts), tag)
        self._answer(
            200,
            f"<CompleteMultipartUploadResult><Bucket>{self.kept.bucket}</Bucket><Key>{name}</Key>"
            f'<ETag>"{tag}"</ETag></CompleteMultipartUploadResult>',
        )

    def do_HEAD(self) -> None:
        """Say size and tag of an object."""
        name, _ = self._asked(b"")
        if name is None:
            return
        if name not in self.kept.objects:
            self._answer(404)
            return
        headers = {"ETag": f'"{self.kept.tags[name]}"', "Last-Modified": self.date_time_string()}
        headers |= self.kept.notes.get(name, {})
        self._answer(200, headers=headers, size=len(self.kept.objects[name]))

    def do_GET(self) -> None:
        """List the objects below a prefix, in one answer however many they are."""
        name, query = self._asked(b"")
        if name is None:
            return
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        found = sorted(one for one in self.kept.objects if one.startswith(prefix))
        deeper = {
            prefix + one.removeprefix(prefix).partition(delimiter)[0] + delimiter
            for one in found
            if delimiter and delimiter in one.removeprefix(prefix)
        }
        there = [one for one in found if not one.startswith(tuple(deeper))]
        contents = "".join(
            f"<Contents><Key>{one}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
            f"<ETag>&quot;{self.kept.tags[one]}&quot;</ETag>"
            f"<Size>{len(self.kept.objects[one])}</Size></Contents>"
            for one in there
        )
        common = "".join(
            f"<CommonPrefixes><Prefix>{one}</Prefix></CommonPrefixes>" for one in sorted(deeper)
        )
        self._answer(
            200,
            f"<ListBucketResult><Name>{self.kept.bucket}</Name><Prefix>{prefix}</Prefix>"
            f"<IsTruncated>false</IsTruncated>{contents}{common}</ListBucketResult>",
        )

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _asked(self, body: bytes) -> tuple[str | None, dict[str, str]]:
        """Return which object is asked for, and the query; None once the answer was a refusal."""
        parts = urlsplit(self.path)
        bucket, _, name = unquote(parts.path).lstrip("/").partition("/")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        refusal = self._refusal(body, parts.path, query)
        if not refusal and bucket != self.kept.bucket:
            refusal = "NoSuchBucket"
        if refusal:
            status = 404 if refusal == "NoSuchBucket" else 403
            self._answer(status, f"<Error><Code>{refusal}</Code><Message>no</Message></Error>")
            return None, {}
        return name, query

    def _refusal(self, body: bytes, path: str, query: dict[str, str]) -> str:
        """Return why a request is not let in, if it is not: what a real store calls it."""
        found = _AUTHORIZATION.fullmatch(self.headers.get("Authorization", ""))
        if found is None:
            return "AccessDenied"
        key, day, region, signed, signature = found.groups()
        if key != self.kept.access_key:
            return "InvalidAccessKeyId"
        said = self.headers["x-amz-content-sha256"]
        if said not in (_UNSIGNED, hashlib.sha256(body).hexdigest()):
            return "XAmzContentSHA256Mismatch"
        fields = "".join(
            f"{one}:{' '.join(self.headers[one].split())}\n" for one in signed.split(";")
        )
        asked = "&".join(
            f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(query.items())
        )
        request = f"{self.command}\n{path}\n{asked}\n{fields}\n{signed}\n{said}"
        scope = f"{day}/{region}/s3/aws4_request"
        text = "\n".join(
            [
                "AWS4-HMAC-SHA256",
                self.headers["x-amz-date"],
                scope,
                hashlib.sha256(request.encode()).hexdigest(),
            ]
        )
        secret = b"AWS4" + self.kept.secret_key.encode()
        for part in (day, region, "s3", "aws4_request", text):
            secret = hmac.digest(secret, part.encode(), "sha256")
        return "" if hmac.compare_digest(secret.hex(), signature) else "SignatureDoesNotMatch"

    def _answer(
        self, status: int, text: str = "", *, headers: dict[str, str] | None = None, size: int = -1
    ) -> None:
        content = text.encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if text:
            self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(content) if size < 0 else size))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
