"""Hypothesis strategies: anything Asterisk could say, in any order, at any time."""

from collections.abc import Callable

from hypothesis import strategies as st

from tests.support.stories import Entry, Member, Story, ms

QUEUES = ("vendas", "suporte")
CALLERS = ("1", "2", "3")
LEGS = ("9.1", "9.2")
AGENTS = ("PJSIP/1", "Local/2@agents/n")

_MAX_STEPS = 40
_PAUSES_MS = (0, 0, 1, 10, 51, 900, 1_000, 2_000, 2_001, 31_000, 600_000)
_CLOCK_STEPS_MS = (*_PAUSES_MS, -1, -1_500, -7_200_000, 7_200_000)


class _Channels:
    """The Uniqueids of the callers: one that hung up comes back as another channel."""

    def __init__(self) -> None:
        self._calls = dict.fromkeys(CALLERS, 1)
        self._gone: set[str] = set()

    def __getitem__(self, caller: str) -> str:
        return f"{self._calls[caller]}.{caller}" if caller else ""

    def joining(self, caller: str) -> str:
        if caller in self._gone:
            self._gone.remove(caller)
            self._calls[caller] += 1
        return self[caller]

    def hanging_up(self, caller: str) -> str:
        self._gone.add(caller)
        return self[caller]


_Step = Callable[[Story, int, _Channels], object]

_queue = st.sampled_from(QUEUES)
_caller = st.sampled_from(CALLERS)
_agent = st.sampled_from(AGENTS)
_leg = st.sampled_from(LEGS)
_seconds = st.integers(0, 600)
_status = st.integers(0, 8)
_reason = st.sampled_from(("", "Almoço", "Banheiro"))
_variable = st.sampled_from((("ABANDONED", "TRUE"), ("QUEUESTATUS", "TIMEOUT")))
_log_lines = st.sampled_from(
    (
        ("ENTERQUEUE", "", "…0001", "1"),
        ("CONNECT", "5", "9.1", "2"),
        ("COMPLETECALLER", "5", "30", "1"),
        ("ABANDON", "1", "1", "20"),
        ("EXITWITHTIMEOUT", "1", "1", "20"),
    )
)
_places = st.frozensets(st.tuples(_queue, _agent, _status, st.none() | _reason))
_entries = st.frozensets(st.tuples(_queue, _caller, _seconds), max_size=3)


def _snapshot(
    places: frozenset[tuple[str, str, int, str | None]], entries: frozenset[tuple[str, str, int]]
) -> _Step:
    members = [Member(q, a, status=s, pause=p) for q, a, s, p in sorted(places, key=str)]

    def say(story: Story, at: int, channels: _Channels) -> Story:
        waiting = [Entry(q, channels[c], w) for q, c, w in sorted(entries)]
        return story.snapshot(at, members=members, entries=waiting, queues=QUEUES)

    return say


_steps: st.SearchStrategy[_Step] = st.one_of(
    st.builds(lambda c, q: lambda s, at, u: s.join(at, u.joining(c), q), _caller, _queue),
    st.builds(lambda c, q: lambda s, at, u: s.leave(at, u[c], q), _caller, _queue),
    st.builds(
        lambda c, q, w: lambda s, at, u: s.give_up(at, u[c], q, w), _caller, _queue, _seconds
    ),
    st.builds(lambda c: lambda s, at, u: s.hangup_request(at, u[c]), _caller),
    st.builds(lambda c: lambda s, at, u: s.hangup(at, u.hanging_up(c)), _caller),
    st.builds(lambda x: lambda s, at, _: s.hangup(at, x), _leg),
    st.builds(lambda c, v: lambda s, at, u: s.variable(at, u[c], *v), _caller, _variable),
    st.builds(lambda c, q, a: lambda s, at, u: s.called(at, u[c], q, a), _caller, _queue, _agent),
    st.builds(
        lambda c, q, a: lambda s, at, u: s.no_answer(at, u[c], q, a), _caller, _queue, _agent
    ),
    st.builds(
        lambda c, q, a, w, x: lambda s, at, u: s.connect(at, u[c], q, a, hold_s=w, leg=x),
        _caller,
        _queue,
        _agent,
        _seconds,
        _leg,
    ),
    st.builds(
        lambda c, q, a, w, t: lambda s, at, u: s.complete(at, u[c], q, a, hold_s=w, talk_s=t),
        _caller | st.just(""),
        _queue,
        _agent,
        _seconds,
        _seconds,
    ),
    st.builds(lambda x, c: lambda s, at, u: s.blind_transfer(at, x, u[c]), _leg, _caller),
    st.builds(lambda x, h: lambda s, at, _: s.hold(at, x, is_on_hold=h), _leg, st.booleans()),
    st.builds(lambda q, a: lambda s, at, _: s.added(at, q, a), _queue, _agent),
    st.builds(lambda q, a: lambda s, at, _: s.removed(at, q, a), _queue, _agent),
    st.builds(lambda q, a, r: lambda s, at, _: s.pause(at, q, a, r), _queue, _agent, _reason),
    st.builds(lambda q, a: lambda s, at, _: s.unpause(at, q, a), _queue, _agent),
    st.builds(lambda q, a, n: lambda s, at, _: s.status(at, q, a, n), _queue, _agent, _status),
    st.builds(lambda q, n: lambda s, at, _: s.wrap_up_limit(at, q, n), _queue, st.integers(0, 60)),
    st.builds(
        lambda n, c, q: lambda s, at, u: s.log(at, n[0], u[c], q, *n[1:]),
        _log_lines,
        _caller,
        _queue,
    ),
    st.builds(_snapshot, _places, _entries),
    st.sampled_from(
        (
            lambda s, at, _: s.started(at),
            lambda s, at, _: s.connected(at, log="read"),
            lambda s, at, _: s.lost(at),
            lambda s, at, _: s.no_channels(at),
            lambda s, at, _: s.at(at, "collector", "heartbeat"),
        )
    ),
)


@st.composite
def stories(draw: st.DrawFn, *, steps_ms: tuple[int, ...] = _PAUSES_MS) -> Story:
    """A story of up to forty steps that follow each other after any of `steps_ms`."""
    story = Story()
    channels = _Channels()
    at = ms("10:00:00")
    story.connected(at)
    steps = st.tuples(st.sampled_from(steps_ms), _steps)
    for pause_ms, say in draw(st.lists(steps, min_size=1, max_size=_MAX_STEPS)):
        at += pause_ms
        say(story, at, channels)
    return story


def stories_with_clock_steps() -> st.SearchStrategy[Story]:
    """Stories whose clock also jumps, two hours back or forth."""
    return stories(steps_ms=_CLOCK_STEPS_MS)
