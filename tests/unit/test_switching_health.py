"""What a health address may answer: JSON, something else, or more than anybody can read."""

from __future__ import annotations

import itertools

import httpx
import pytest

from supamig.config import Health
from supamig.switching.health import ask

URL = "http://app.example.org/health"


def asked(content):
    answer = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
    with httpx.Client(transport=answer) as client:
        return ask(client, Health(url=URL, json={"status": "ok"}))


@pytest.mark.parametrize("content", [b'{"status": "ok"}', '{"status": "ok"}'.encode("utf-16")])
def test_json_is_read(content):
    assert asked(content) == ""


@pytest.mark.parametrize(
    "content",
    [b"<html>", b"\xff\xff", b"[" * 200_000, itertools.repeat(b"data: on and on\n\n")],
    ids=["page", "bytes", "deep", "endless"],
)
def test_what_is_no_json_is_said(content):
    assert asked(content) == f"GET {URL} answers no JSON"
