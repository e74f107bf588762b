"""The script of a run: which part meets which fate at which moment, drawn from the seed."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import cycle, islice

from tests.chaos.metrics import metric
from tests.chaos.parts import Part
from tests.chaos.plan import Plan
from tests.chaos.stack import SESSION_TIMEOUT_S, Stack, Words
from tests.chaos.witness import Witness

SECOND_WORKER = "second worker"
FREEZE = "worker frozen past its session"
JOIN = "second worker joins"
LEAVE = "second worker leaves in order"

_READY_WITHIN_S = 20.0
_POLL_S = 0.1
_BEGINS_AT_S = 2.0
_WEIGHTS = {"collector": 28, "ingest": 20, "worker": 24, SECOND_WORKER: 12, "clickhouse": 16}
_BROKER_WEIGHT = 10


class Fate(StrEnum):
    """What a step of the script does."""

    KILL = "kill -9"
    FREEZE = "freeze"
    LEAVE = "leave"
    HOLD_BACK = "hold back"
    LET_THROUGH = "let through"


@dataclass(frozen=True)
class Step:
    """At `at_s` seconds of the shift, this happens to a part of that kind."""

    at_s: float
    fate: Fate
    kind: str


@dataclass
class Done:
    """What has been done: kills by kind of part, other faults by their name."""

    kills: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)


def script(plan: Plan, *, kills_broker: bool) -> list[Step]:
    """The steps of a run in order; every kind of part is killed at least once.

    A short one has kills only: a worker that stands still or leaves costs ten seconds each time.
    """
    chance = random.Random(f"script {plan.seed}")
    weights = _WEIGHTS | ({"broker": _BROKER_WEIGHT} if kills_broker else {})
    total = sum(weights.values())
    counts = {kind: max(1, plan.kills * weight // total) for kind, weight in weights.items()}
    left = max(0, plan.kills - sum(counts.values()))
    for kind in islice(cycle(sorted(weights, key=weights.__getitem__, reverse=True)), left):
        counts[kind] += 1
    fates = [(Fate.KILL, kind) for kind, count in counts.items() for _ in range(count)]
    if not plan.is_short:
        fates += [(Fate.FREEZE, "worker")] * (1 + plan.kills // 20)
        fates += [(Fate.LEAVE, SECOND_WORKER)] * (1 + plan.kills // 12)
    chance.shuffle(fates)
    moments = sorted(chance.uniform(_BEGINS_AT_S, plan.shift_s) for _ in fates)
    steps = [Step(at, *fate) for at, fate in zip(moments, fates, strict=True)]
    if plan.fills_spool:
        steps.append(Step(0.05 * plan.shift_s, Fate.HOLD_BACK, plan.live[0]))
        steps.append(Step(0.65 * plan.shift_s, Fate.LET_THROUGH, plan.live[0]))
    return sorted(steps, key=lambda step: step.at_s)


class Troublemaker:
    """Carries the script out."""

    def __init__(
        self,
        plan: Plan,
        stack: Stack,
        witness: Witness,
        worker: Words,
        say: Callable[[str, str], None],
    ) -> None:
        """`worker` is the command line of the second worker; `say` is told part and deed."""
        self.done = Done()
        self._stack = stack
        self._witness = witness
        self._worker = worker
        self._say = say
        self._chance = random.Random(f"trouble {plan.seed}")
        self._frozen: list[tuple[float, Part]] = []

    def run(self, steps: list[Step], look: Callable[[], None]) -> None:
        """All steps, each at its moment, or when its victim has done some work, but not for ever.

        Meanwhile the others go on. `look` is called again and again.
        """
        begin = time.monotonic()
        pending = list(steps)
        while pending or self._frozen:
            look()
            self._thaw(time.monotonic())
            passed_s = time.monotonic() - begin
            for step in pending:
                if step.at_s > passed_s:
                    break
                if self._may_do(step) or passed_s > step.at_s + _READY_WITHIN_S:
                    self._do(step)
                    pending.remove(step)
                    break
            time.sleep(_POLL_S)

    def _may_do(self, step: Step) -> bool:
        """Whether a kill would hit something: a worker that has written in this life."""
        if step.fate is Fate.FREEZE or step.kind == SECOND_WORKER:
            self._join()
        if step.fate is Fate.FREEZE:
            return not self._frozen and self._is_at_work(self._stack.parts[SECOND_WORKER])
        if step.kind in ("worker", SECOND_WORKER):
            return self._is_at_work(self._stack.parts[step.kind])
        return True

    def _do(self, step: Step) -> None:
        match step.fate:
            case Fate.KILL:
                self._kill(step.kind)
            case Fate.FREEZE:
                self._freeze()
            case Fate.LEAVE:
                part = self._stack.parts[SECOND_WORKER]
                part.leave()
                self.done.others[LEAVE] += 1
                self._say(part.name, "leaves in order")
            case Fate.HOLD_BACK:
                self._witness.hold_back(step.kind)
                self._say(f"collector {step.kind}", "cannot reach ingest, until its spool is full")
            case Fate.LET_THROUGH:
                self._witness.let_through(step.kind)
                self._say(f"collector {step.kind}", "reaches ingest again")

    def _kill(self, kind: str) -> None:
        part = self._chance.choice([p for p in self._stack.parts.values() if p.kind == kind])
        while not part.kill(self._chance):
            time.sleep(_POLL_S)  # it is being started again
        self.done.kills[kind] += 1
        self._say(part.name, f"kill -9 (life {part.starts})")

    def _freeze(self) -> None:
        workers = [part for part in self._workers() if part.is_running]
        part = self._chance.choice(workers or self._workers())
        seconds = SESSION_TIMEOUT_S + self._chance.uniform(1.5, 4)
        if part.freeze():
            self._frozen.append((time.monotonic() + seconds, part))
            self.done.others[FREEZE] += 1
            self._say(part.name, f"frozen for {seconds:.1f} s")

    def _thaw(self, now: float) -> None:
        for until, part in self._frozen:
            if now >= until:
                part.thaw()
        self._frozen = [(until, part) for until, part in self._frozen if now < until]

    def _join(self) -> None:
        part = self._stack.parts.get(SECOND_WORKER)
        if part is not None and part.is_wanted:
            return
        if part is None:
            self._stack.add_worker(SECOND_WORKER, SECOND_WORKER, self._worker)
        else:
            part.start()
        self.done.others[JOIN] += 1
        self._say(SECOND_WORKER, "joins")

    def _workers(self) -> list[Part]:
        parts = self._stack.parts
        return [parts[name] for name in ("worker", SECOND_WORKER) if name in parts]

    def _is_at_work(self, part: Part) -> bool:
        """Whether this life of a worker has written something."""
        last = metric(self._stack.metrics_urls[part.name], "streams_last_flush_timestamp_seconds")
        return last > part.started_at
