"""A Secret does not show itself."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import pickle

import pytest

from supamig.secret import Secret

HUNTER = Secret("hunter2")


@pytest.mark.parametrize(
    "shown",
    [
        repr(HUNTER),
        str(HUNTER),
        f"{HUNTER}",
        f"{HUNTER!r:>20}",
        "%s %r" % (HUNTER, HUNTER),  # noqa: UP031 - logging formats so
        repr([HUNTER, {"password": HUNTER}]),
        format(HUNTER, ">10"),
        repr(dir(HUNTER)),
    ],
)
def test_it_does_not_show(shown):
    assert "hunter2" not in shown
    assert "***" in shown or "reveal" in shown


def test_reveal_is_the_one_way_to_its_text():
    assert HUNTER.reveal() == "hunter2"
    assert not hasattr(HUNTER, "__dict__")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_cannot_be_pickled(protocol):
    with pytest.raises(TypeError, match="cannot be pickled") as error:
        pickle.dumps({"dsn": HUNTER}, protocol)
    assert "hunter2" not in str(error.value)


def test_its_state_cannot_be_had():
    with pytest.raises(TypeError, match="cannot be pickled"):
        HUNTER.__getstate__()
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps(HUNTER)


def test_it_can_be_copied_with_what_holds_it():
    assert copy.copy(HUNTER) is HUNTER
    assert copy.deepcopy([HUNTER])[0] is HUNTER

    @dataclasses.dataclass
    class Settings:
        dsn: Secret

    assert dataclasses.asdict(Settings(HUNTER)) == {"dsn": HUNTER}


def test_it_equals_what_holds_the_same_text():
    assert Secret("ä\udce4") == Secret("ä\udce4")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert Secret("x")
    assert not Secret("")


def test_logging_it_does_not_show_it(caplog):
    with caplog.at_level(logging.INFO):
        logging.getLogger("supamig.test").info("password is %s", HUNTER)
    assert "hunter2" not in caplog.text
