"""The writer of YAML: whatever it is given, another reader gets back."""

from __future__ import annotations

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from supamig.deployment.yaml import to_yaml

TEXTS = st.text() | st.text("ab :#-'\"{}[]\n\t$%&*!|>?,@`\\", max_size=12)
# YAML allows a key no more than 1024 characters, escapes counted
KEYS = st.text(max_size=50)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(VALUES)
@example("")
@example({"a": [], "b": {}, "c": [[1], [{}]]})
@example(["a\nb\n", "a\n\nb\n", " a\nb\n", "a \nb\n", "a\nb", "\n", "a\n\n"])
@example(
    ["yes", "No", "on", "1", "1.0", "0x1f", "1e3", "12:30", "null", "~", "2026-11-23", "=", "<<"]
)
@example({"true": "a: b", "1": "a #b", "-": "- a", "?": "&a", "'": "*a", "x": "a:"})
@example({"key": [{"a": "line\nline\n", "b": ["x"]}]})
def test_another_reader_gets_back_what_was_written(value):
    text = to_yaml(value)
    assert text.isascii()
    assert text.endswith("\n")
    assert yaml.safe_load(text) == value


def test_what_it_writes_reads_well():
    value = {"name": "x", "list": ["a", {"b": 1, "c": [True]}], "text": "one\n\n  two\n", "no": {}}
    assert to_yaml(value) == (
        "name: x\nlist:\n  - a\n  - b: 1\n    c:\n      - true\n"
        'text: |\n  one\n\n    two\n"no": {}\n'
    )
