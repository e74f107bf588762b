"""From all that was seen of a chat session to its queue calls: one pure function of the set.

The rules (docs/chat.md says where they come from):

- A session is **offered** when it first waits for people or gets one: at its start if it does so
  from the beginning, else when it was seen to. One that we opened is offered when the customer
  first writes.
- It is **answered** by the first person assigned; the time is the earliest that tells of a person:
  the assignment as it was seen, the moment the platform says a person opened it, a person's first
  message.
- It is **abandoned** if it ended after waiting without a person.
- Another queue or another person is a **transfer**: one visit ends and the next begins.
- What is seen of it after its end, and is no end, is a new arrival: **reopened**.
- It is **bot only** if it ended and never waited for people.
- Groups, and what the platform keeps out of the queues, make no queue call.
"""

import bisect
from collections.abc import Sequence

from streams.domain.chat_events import TICKS_PER_MS, Author, MessageSeen, Phase, SessionSeen
from streams.domain.chat_session import ChatSession
from streams.domain.chat_visit import ChatVisit, count_messages, name_agents

NO_QUEUE = "no-department"
"""Queue of sessions that wait in none: a name is needed, and the empty one means every queue."""

OPENED_WITHIN_MS: dict[Author, int] = {"sender": 60_000, "program": 3_000, "person": 2_000}
"""A message of ours that opened a session was written about when the session began: a campaign may
take a while, a program may also answer at once, and a person takes longer to."""


BOT_TAKES_WITHIN_MS = 5_000
"""A session that a bot takes so soon has not waited for people."""


def visits_of(session: ChatSession) -> list[ChatVisit]:
    """The session's queue calls in order of entry; none if it was never offered."""
    if not session.sightings or any(seen.is_group for seen in session.sightings):
        return []
    visits = _Reading(session).visits()
    name_agents(session.sightings, visits)
    count_messages(session, visits)
    return visits


class _Reading:
    """Goes through the sightings in order, with what is known of the whole session at hand."""

    def __init__(self, session: ChatSession) -> None:
        self._session = session
        self._sightings = session.sightings
        self._messages = sorted(session.messages.values(), key=_first_to_open)
        told = [seen.started_at for seen in self._sightings if seen.started_at]
        self._started_at = min(told) if told else _ms(self._sightings[0])
        self._has_bot = any(seen.has_bot for seen in self._sightings)
        self._written = self._moments_of_writing()
        picked_up = {seen.picked_up_at for seen in self._sightings if seen.picked_up_at}
        self._people = sorted({*self._written, *picked_up})  # moments that tell of one at work
        self._opens_at = self._offered_from()
        self._visits: list[ChatVisit] = []
        self._current: ChatVisit | None = None
        self._queue = NO_QUEUE
        self._agent = ""
        self._before: Phase | None = None
        self._begun_at = self._started_at  # of this life: a reopened session has several
        self._visits_before = 0

    def visits(self) -> list[ChatVisit]:
        opens_at = self._opens_at
        if opens_at is None:
            return []
        for place, seen in enumerate(self._sightings):
            self._queue = seen.queue or self._queue
            phase = self._phase(seen)
            if phase == "ended":
                self._end(place, seen, opens_at)
            else:
                self._begin_again(seen, phase)
                if phase == "opened" and self._has_bot:
                    self._go_to_bot(_ms(seen))
                elif phase in ("waiting", "served") and not self._is_past(place, opens_at):
                    self._with_people(seen, phase, opens_at)
            if phase != "untold":
                self._before = phase
        return self._visits

    def _is_past(self, place: int, opens_at: int) -> bool:
        """Whether the next sighting already tells how it was when the session was offered."""
        later = self._sightings[place + 1 : place + 2]
        return bool(later) and _ms(later[0]) <= opens_at

    def _begin_again(self, seen: SessionSeen, phase: Phase) -> None:
        if self._before == "ended" and phase != "untold":
            self._begun_at = _ms(seen)
            self._visits_before = len(self._visits)

    def _phase(self, seen: SessionSeen) -> Phase:
        """What the sighting says, with the agent in it believed before the status."""
        if seen.phase in ("ended", "hidden"):
            return seen.phase
        if seen.agent:
            self._agent = seen.agent
            return "served"
        if seen.agent == "" and seen.phase != "served":
            self._agent = ""
        if seen.phase == "waiting" and self._agent:
            return "served"  # not told who: as before
        return seen.phase

    # --- Offered ---------------------------------------------------------------------------------

    def _offered_from(self) -> int | None:
        """When the session may be offered first: None if we opened it and nobody has answered."""
        customer = [m.written_at for m in self._messages if m.author == "customer"]
        first = customer[0] if customer else None
        ours = [m for m in self._messages if m.author in OPENED_WITHIN_MS]
        is_ours = bool(ours) and (first is None or ours[0].written_at < first)
        if is_ours:
            within = OPENED_WITHIN_MS[ours[0].author]
            is_ours = ours[0].written_at <= self._started_at + within
        if is_ours or (first is not None and self._sightings[0].is_unanswered_send):
            return first
        if self._sightings[0].is_unanswered_send:
            answered = (_ms(seen) for seen in self._sightings if not seen.is_unanswered_send)
            return next(answered, None)
        return self._started_at

    def _with_people(self, seen: SessionSeen, phase: Phase, opens_at: int) -> None:
        at = max(_ms(seen), opens_at)
        current = self._current
        if current is None:
            is_from_the_start = self._before is None and not self._session.is_resumed
            entered_at = max(self._started_at, opens_at) if is_from_the_start else at
            self._enter(entered_at, is_estimated=self._is_entry_guessed(seen))
        elif self._is_elsewhere(current) or self._is_other_person(current, phase):
            self._leave(at)
            self._enter(at, is_estimated=False)
        if phase == "served":
            self._answer(at, is_late=seen.kind == "polled")

    def _is_elsewhere(self, visit: ChatVisit) -> bool:
        """Whether the session is in another queue; the first one it gets is where it always was."""
        if visit.queue == NO_QUEUE:
            visit.queue = self._queue
        return visit.queue != self._queue

    def _is_entry_guessed(self, seen: SessionSeen) -> bool:
        """The first that was seen is no beginning, and a bot may have had it before."""
        is_beginning_unseen = self._before is None and seen.kind != "created"
        return is_beginning_unseen and (self._has_bot or self._session.is_resumed)

    def _enter(self, at: int, *, is_estimated: bool) -> None:
        self._current = ChatVisit(self._queue, at, is_estimated=is_estimated)
        self._visits.append(self._current)

    # --- Answered --------------------------------------------------------------------------------

    def _moments_of_writing(self) -> list[int]:
        """When a person of ours is known to have written, in order."""
        told = {m.written_at for m in self._messages if m.author == "person" and not m.is_failed}
        return sorted((told | {seen.responded_at for seen in self._sightings}) - {0})

    def _answer(self, at: int, *, is_late: bool) -> None:
        visit = self._current
        assert visit is not None
        at = max(at, visit.entered_at)
        if visit.answered_at is None:
            sign = _first_within(self._people, visit.entered_at, at)
            visit.answered_at = at if sign is None else sign
            visit.is_estimated |= sign is None and is_late
            visit.wait_ms = visit.answered_at - visit.entered_at
            visit.outcome, visit.status = "answered", "talking"
        if not visit.agent:
            visit.agent = self._agent

    def _is_other_person(self, visit: ChatVisit, phase: Phase) -> bool:
        if visit.answered_at is None:
            return False
        if phase == "waiting":
            return True  # given back to the queue
        return bool(visit.agent and self._agent and visit.agent != self._agent)

    # --- Over ------------------------------------------------------------------------------------

    def _leave(self, at: int) -> None:
        """The session goes on elsewhere."""
        visit, self._current = self._current, None
        if visit is None:
            return
        at = max(at, visit.answered_at or visit.entered_at)
        visit.status, visit.ended_at = "ended", at
        if visit.answered_at is None:
            visit.outcome, visit.wait_ms = "transferred_away", at - visit.entered_at
        else:
            visit.talk_ms = at - visit.answered_at
            visit.ended_by, visit.transfer = "transfer", "blind"

    def _go_to_bot(self, at: int) -> None:
        visit = self._current
        if visit and visit.answered_at is None and at - visit.entered_at <= BOT_TAKES_WITHIN_MS:
            self._visits.pop()
            self._current = None
        else:
            self._leave(at)

    def _end(self, place: int, seen: SessionSeen, opens_at: int) -> None:
        if self._before == "ended":
            return
        visit = self._current
        begun_at = max(visit.entered_at if visit else self._begun_at, opens_at)
        end = max(self._end_told(place, begun_at), begun_at)
        if visit is None:
            is_served = len(self._visits) > self._visits_before
            if is_served or self._before == "hidden" or _ms(seen) < opens_at:
                return
            if self._has_bot and not seen.agent:
                self._add_bot_only(begun_at, end)
                return
            self._enter(begun_at, is_estimated=True)
            visit = self._visits[-1]
        if visit.answered_at is None:
            self._answer_unseen(visit, seen, end)
        end = max(end, visit.answered_at or end)
        visit.status, visit.ended_at = "ended", end
        if visit.answered_at is None:
            visit.outcome, visit.wait_ms = "abandoned", end - visit.entered_at
        else:
            visit.talk_ms, visit.ended_by = end - visit.answered_at, "unknown"
        self._current, self._agent = None, ""

    def _end_told(self, place: int, begun_at: int) -> int:
        """When the platform says that it ended, if that can be the end that was seen here."""
        at = _ms(self._sightings[place])
        for seen in self._sightings[place:]:
            if seen.phase != "ended":
                break
            if begun_at <= seen.ended_at <= at:
                return seen.ended_at
        return at

    def _answer_unseen(self, visit: ChatVisit, seen: SessionSeen, end: int) -> None:
        """Whoever had it when it ended, or wrote in it, had taken it before."""
        signs = self._people if seen.agent else self._written
        sign = _first_within(signs, visit.entered_at, end)
        if seen.agent or sign is not None:
            self._agent = seen.agent or ""
            self._answer(end, is_late=True)

    def _add_bot_only(self, entered_at: int, end: int) -> None:
        visit = ChatVisit(self._queue, entered_at, "ended", "bot_only", ended_at=end)
        self._visits.append(visit)


def _first_within(moments: Sequence[int], begin: int, end: int) -> int | None:
    """The first of these moments, which are in order, that lies within these two."""
    place = bisect.bisect_left(moments, begin)
    return moments[place] if place < len(moments) and moments[place] <= end else None


def _first_to_open(message: MessageSeen) -> tuple[int, int]:
    """In order of writing; of one moment the one first that may be latest and yet have opened it.

    Platforms' dates may be whole seconds, and the set has no order of its own.
    """
    return message.written_at, -OPENED_WITHIN_MS.get(message.author, 0)


def _ms(seen: SessionSeen) -> int:
    return seen.at_ticks // TICKS_PER_MS
