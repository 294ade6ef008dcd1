"""The watch without servers: a day of rounds, alerts, what is watched, settings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from supamig import api
from supamig.config import Settings, WatchSettings, load
from supamig.errors import ConfigError, UsageError
from supamig.models import Severity
from supamig.secret import Secret
from supamig.watching.choosing import choose
from supamig.watching.model import Clock, Look, Trouble
from supamig.watching.rounds import CALM, Watch
from supamig.watching.webhook import TRIES, Webhook

START = datetime(2026, 11, 25, tzinfo=UTC)
DAY = 86_400.0
HOOK = "https://hooks.example.com/T0/secret-part"


class Day:
    """A clock that only waiting moves."""

    def __init__(self):
        self.seconds = 0.0

    @property
    def clock(self):
        return Clock(
            now=lambda: START + timedelta(seconds=self.seconds),
            elapsed=lambda: self.seconds,
            sleep=self.wait,
        )

    def wait(self, seconds):
        self.seconds += seconds


class Scripted:
    """A probe that is in trouble, or blind, at the hours that a test says."""

    name = "scripted"

    def __init__(self, day, *, ill=(), blind=(), takes=0.0):
        self.day, self.ill, self.blind, self.takes = day, ill, blind, takes
        self.moments = []

    def look(self, moment):
        self.moments.append(moment)
        hour = self.day.seconds / 3600
        self.day.seconds += self.takes
        if any(first <= hour < last for first, last in self.blind):
            raise OSError("password=hunter2 is in the way")
        bad = any(first <= hour < last for first, last in self.ill)
        return Look(readings={"hour": hour}, troubles=(trouble(),) if bad else ())


def trouble(message="it is ill"):
    return Trouble(probe="scripted", subject="it", severity=Severity.ERROR, message=message)


@pytest.fixture
def day():
    return Day()


def watch(day, probe, **more):
    seen = []
    watching = Watch([probe], clock=day.clock, **more)
    return watching.run(duration=DAY, every=60.0, tell=seen.append), seen


def told(watched):
    return [(one.kind, one.trouble.message, one.seconds) for one in watched.changes]


def test_a_day_of_rounds_takes_no_time(day):
    probe = Scripted(day)
    watched, seen = watch(day, probe)
    assert (watched.rounds, len(seen), watched.seconds, watched.is_whole) == (1441, 1441, DAY, True)
    assert [one.since_last for one in probe.moments[:3]] == [0.0, 60.0, 60.0]
    assert (watched.least, watched.most) == ({"hour": 0.0}, {"hour": 24.0})
    assert watched.changes == ()
    assert seen[-1].at == START + timedelta(days=1)


def test_a_trouble_is_told_once_and_again_when_it_ends(day):
    watched, seen = watch(day, Scripted(day, ill=[(1, 3), (20, 99)]))
    ended = 2 * 3600 + (CALM - 1) * 60
    assert told(watched) == [
        ("began", "it is ill", 0.0),
        ("ended", "it is ill", ended),
        ("began", "it is ill", 0.0),
    ]
    assert [one.message for one in watched.open] == ["it is ill"]
    assert sum(bool(one.changes) for one in seen) == 3


def test_what_comes_and_goes_is_one_trouble(day):
    flicker = [(hour / 30, hour / 30 + 1 / 60) for hour in range(1, 20)]  # every other minute
    watched, _ = watch(day, Scripted(day, ill=flicker))
    assert [kind for kind, _, _ in told(watched)] == ["began", "ended"]


def test_a_probe_that_fails_is_told_and_ends_nothing(day):
    watched, _ = watch(
        day,
        Scripted(day, ill=[(1, 2)], blind=[(2, 4)]),
        redact=lambda text: text.replace("hunter2", "***"),
    )
    messages = [(kind, message[:40]) for kind, message, _ in told(watched)]
    assert messages == [
        ("began", "it is ill"),
        ("began", "`scripted` could not be looked at: OSErr"),
        ("ended", "it is ill"),
        ("ended", "`scripted` could not be looked at: OSErr"),
    ]
    assert "hunter2" not in repr(watched)
    assert told(watched)[2][2] > 3 * 3600  # two hours nobody looked


def test_slow_rounds_are_left_out_not_caught_up(day):
    watched, seen = watch(day, Scripted(day, takes=150.0))
    assert watched.rounds == len(seen) == 481
    assert watched.missed == 960


def test_a_watch_that_is_stopped_has_a_summary(day):
    probe = Scripted(day)
    watching = Watch([probe], clock=day.clock)

    def stop(seen):
        if seen.number == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watching.run(duration=DAY, every=60.0, tell=stop)
    assert (watching.watched.rounds, watching.watched.is_whole) == (10, False)


# who is told


class Hook:
    """Takes alerts, but for those for which it has another answer."""

    def __init__(self, *answers):
        self.answers, self.bodies = list(answers), []
        self.transport = httpx.MockTransport(self.answer)

    def answer(self, request):
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, Exception):
            raise answer
        if answer < 300:
            self.bodies.append(httpx.Response(200, content=request.content).json())
        assert str(request.url) == HOOK
        return httpx.Response(answer)


def test_the_webhook_is_told_what_begins_and_ends(day):
    hook = Hook()
    webhook = Webhook(Secret(HOOK), transport=hook.transport)
    watched, _ = watch(day, Scripted(day, ill=[(1, 3)]), webhook=webhook)
    assert [body["event"] for body in hook.bodies] == ["began", "ended"]
    assert hook.bodies[0]["text"] == "supamig watch: began: it is ill"
    assert hook.bodies[1]["text"].startswith("supamig watch: ended after 7260 s")
    assert (hook.bodies[0]["severity"], watched.lost_alerts) == ("error", 0)


def test_what_the_webhook_does_not_take_is_tried_again_in_order(day):
    hook = Hook(500, httpx.ConnectError("no"), httpx.ReadTimeout("late"))
    webhook = Webhook(Secret(HOOK), transport=hook.transport)
    watch(day, Scripted(day, ill=[(1, 1.03)]), webhook=webhook)
    assert [body["event"] for body in hook.bodies] == ["began", "ended"]


def test_a_webhook_that_never_takes_anything_stops_nothing(day):
    hook = Hook(*[500] * 9999)
    webhook = Webhook(Secret(HOOK), transport=hook.transport)
    watched, _ = watch(day, Scripted(day, ill=[(1, 3)]), webhook=webhook)
    assert (watched.rounds, watched.lost_alerts) == (1441, 2)
    assert len(hook.answers) == 9999 - 2 * TRIES
    assert "secret-part" not in repr(vars(webhook)) + repr(watched)


def test_an_address_that_is_none_loses_alerts_only(day):
    webhook = Webhook(Secret("not an address"))
    watched, _ = watch(day, Scripted(day, ill=[(1, 3)]), webhook=webhook)
    assert watched.lost_alerts == 2


# what is watched


@pytest.mark.parametrize(
    ("held", "is_watched"),
    [
        ((), True),
        (("lost+found",), True),
        (("20261125T020000Z", "supabase_export_x"), True),
        (("supabase_export_x", ".hidden"), False),
    ],
    ids=["empty", "a volume", "a backup", "exports"],
)
def test_a_directory_of_exports_alone_is_not_one_that_lost_its_backups(tmp_path, held, is_watched):
    for name in held:
        (tmp_path / name).mkdir()
    given = Settings(backups_dir=tmp_path, watch=WatchSettings(disk_command=("df",)))
    probes, without = choose(given, source=None, target=None)
    assert ("backup" in {one.name for one in probes}) is is_watched
    assert ("holds exports, and no backup" in without[-1].reason) is not is_watched


@pytest.mark.usefixtures("working_directory")
def test_what_nobody_watches_is_named():
    watch_only = WatchSettings(disk_command=("df",))
    probes, without = choose(Settings(watch=watch_only), source=None, target=None)
    assert [probe.name for probe in probes] == ["disk"]
    assert [one.probe for one in without] == ["services", "database", "logs", "backup"]
    with pytest.raises(UsageError, match="nothing to watch"):
        choose(Settings(), source=None, target=None)


def test_the_verb_hands_over_rounds_and_then_what_they_come_to(day, tmp_path):
    (tmp_path / "x.log").touch()
    chosen = WatchSettings(every=3600.0, log_files=(tmp_path / "x.log",), webhook=Secret(HOOK))
    seen = []
    done = api.watch(
        Settings(watch=chosen),
        observer=seen.append,
        clock=day.clock,
        transport=Hook().transport,
    )
    assert len(seen) == 26
    assert seen[-1] is done
    assert (done.rounds, done.troubles) == (25, ())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('every = "often"', "`watch.every` in .* must be a time such as"),
        ('every = "0s"', "`watch.every` is 0s"),
        ('every = "2h"\nfor = "1h"', "`watch.every` is 2h, and `watch.for` 1h"),
        ('error_pattern = "("', "is no regular expression"),
        ('webhook = "https://hooks.example.com/x"', "holds a plain secret"),
        ('webhok = "env:HOOK"', "unknown key `watch.webhok`"),
    ],
)
def test_settings_that_cannot_be_are_named(text, words, working_directory):
    (working_directory / "supamig.toml").write_text(f"[watch]\n{text}\n")
    with pytest.raises(ConfigError, match=words):
        load(environ={}, sides=("watch",))


def test_settings_are_read_and_the_webhook_is_a_secret(working_directory):
    (working_directory / "supamig.toml").write_text(
        '[watch]\nwebhook = "env:HOOK"\nevery = "5m"\nlog_files = ["a.log"]\nslot_lag_mb = 5\n'
    )
    found = load(environ={"HOOK": HOOK}, sides=("watch",), overrides={"for": "2d"})
    assert (found.watch.every, found.watch.duration) == (300.0, 172_800.0)
    assert (
        found.watch.log_files == (working_directory / "a.log",)
        or str(found.watch.log_files[0]) == "a.log"
    )
    assert found.watch.slot_lag == 5_000_000
    assert Secret(HOOK) in found.secrets()
    assert load(environ={}).watch.webhook is None
