"""The order of exporters and importers, whatever plugins hand over."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supamig.errors import PlanRefused
from supamig.sequence import arrange

KINDS = st.sampled_from("abcdef")


@dataclass(frozen=True)
class Piece:
    kind: str
    after: tuple[str, ...] = ()
    replaces: str = ""


PIECES = st.builds(
    Piece,
    kind=KINDS,
    after=st.lists(KINDS, max_size=2).map(tuple),
    replaces=st.sampled_from(["", "", "", "", "a", "b", "zzz"]),
)


@given(pieces=st.lists(PIECES, max_size=6), data=st.data())
def test_nothing_is_lost_and_the_order_depends_on_nothing_else(pieces, data):
    shuffled = data.draw(st.permutations(pieces))
    try:
        arranged = arrange(pieces)
    except PlanRefused:
        with pytest.raises(PlanRefused):
            arrange(shuffled)
        return
    assert arrange(shuffled) == arranged
    kinds = [piece.kind for piece in arranged]
    assert len(set(kinds)) == len(kinds)
    replaced = {piece.replaces for piece in pieces}
    for piece in pieces:
        assert piece in arranged or piece.kind in replaced
    for piece in arranged:
        behind = kinds[kinds.index(piece.kind) + 1 :]
        assert not (set(piece.after) - {piece.kind}) & set(behind)
