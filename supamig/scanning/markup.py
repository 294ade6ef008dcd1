"""Files that hold scripts among other things: Vue, Svelte, Astro, HTML."""

from __future__ import annotations

import re

from supamig.scanning.grammars import below, parse, text_of

_SCRIPTS = frozenset({"script_element"})
_FRONTMATTER = re.compile(rb"\A\s*---\r?\n(.*?)^---", re.DOTALL | re.MULTILINE)
_NO_BREAK = re.compile(rb"[^\n]")
_IS_TYPED = re.compile(r"""\blang\s*=\s*["']?(?:ts|tsx|typescript)\b""")


def script_of(content: bytes) -> tuple[str, bytes]:
    """Return the language and the text of a file's scripts, all else blank: lines keep numbers."""
    kept: list[tuple[int, int]] = []
    language = "javascript"
    frontmatter = _FRONTMATTER.match(content)
    if frontmatter:
        kept.append(frontmatter.span(1))
        language = "typescript"
    for script in below(parse("html", content), _SCRIPTS):
        for child in script.named_children:
            if child.type == "start_tag" and _IS_TYPED.search(text_of(child)):
                language = "typescript"
            elif child.type == "raw_text":
                kept.append((child.start_byte, child.end_byte))
    made, at = bytearray(), 0
    for start, end in sorted(kept):
        made += _NO_BREAK.sub(b" ", content[at:start]) + content[start:end]
        at = max(at, end)
    return language, bytes(made)
