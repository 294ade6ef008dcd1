"""Cutting an archive's table of contents into transactions."""

from __future__ import annotations

from supamig.archive import Entry, pieces


def entries(*kinds):
    return [Entry(f"{number}; {kind}", kind, "") for number, kind in enumerate(kinds)]


def test_rights_and_comments_stay_with_their_object():
    listed = entries("FUNCTION", "COMMENT", "ACL", "TABLE", "ACL", "ACL", "VIEW", "VIEW")
    cut = list(pieces(listed, 1))
    assert [[entry.type for entry in piece] for piece in cut] == [
        ["FUNCTION", "COMMENT", "ACL"],
        ["TABLE", "ACL", "ACL"],
        ["VIEW"],
        ["VIEW"],
    ]
    assert [entry for piece in cut for entry in piece] == listed


def test_pieces_have_about_the_size_that_is_asked_for():
    assert [len(piece) for piece in pieces(entries(*["TABLE"] * 7), 3)] == [3, 3, 1]
    assert list(pieces([], 3)) == []
