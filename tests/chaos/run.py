"""One run: a shift through the real processes under torment, until all is still and judged."""

import random
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing

from clickhouse_connect.driver.client import Client

from streams.storage.connection import connect
from tests.chaos.faults import Troublemaker, script
from tests.chaos.judge import Said, judge
from tests.chaos.lossy_worker import LOST, REPEATED
from tests.chaos.parts import Attendant
from tests.chaos.pbxs import Pbxs, last_end_ms
from tests.chaos.plan import Plan
from tests.chaos.poster import Poster, shift_of
from tests.chaos.record import Record
from tests.chaos.settle import wait_until_quiet, wait_until_stored
from tests.chaos.stack import Stack, plain_worker, running
from tests.chaos.verdict import Verdict
from tests.chaos.witness import Witness

Say = Callable[[str, str], None]
"""Told the part, and what is done to it."""

_LOSSY_SHARE = 0.6
_CUT_SHARE = 0.02
_SPOOL_MEGABYTES = 64
_SMALLEST_SPOOL_MEGABYTES = 1
_OVER_WITHIN_S = 120.0
_QUIET_WITHIN_S = 300.0
_STORED_WITHIN_S = 300.0
_PROGRESS_EVERY_S = 15.0


class Run:
    """One run; its parts live as long as `carry_out` lasts."""

    def __init__(self, plan: Plan, say: Say) -> None:
        """Starts nothing."""
        self._plan = plan
        self._say = say
        self._losses = plan.directory.absolute() / "losses.txt"
        self._chance = random.Random(f"workers {plan.seed}")
        sites = [*plan.live, *plan.direct]
        self._stack = Stack(plan.directory / "faulty", sites, plan.broker)
        self._verdict = Verdict(plan)

    def carry_out(self) -> Verdict:
        """Raises ChildFailedError, KafkaMissingError if it cannot be carried out."""
        begin = time.monotonic()
        plan, stack = self._plan, self._stack
        plan.directory.mkdir(parents=True)
        shifts = {
            site: shift_of(site, plan.direct_events, plan.seed + number)
            for number, site in enumerate(plan.direct)
        }
        witness = Witness(Record(), stack.ingest_port, plan.seed, _CUT_SHARE)
        poster = Poster(shifts, stack.tokens, stack.ingest_port, plan.seed)
        with ExitStack() as parts:
            parts.enter_context(running(stack, self._worker))
            self._say("stack", f"is up; {plan.broker} broker at {stack.bootstrap}")
            parts.enter_context(witness.running())
            pbxs = Pbxs(plan)
            parts.enter_context(pbxs.child)
            self._add_collectors(pbxs, witness)
            parts.enter_context(Attendant(lambda: list(stack.parts.values())))
            parts.callback(poster.stop)
            self._torment(witness, poster)
            truth = self._come_to_rest(pbxs, poster)
            client = parts.enter_context(closing(connect(stack.clickhouse_url)))
            self._await_stored(client, witness, poster)
            stack.stop(but="clickhouse")
            self._say("rest", "everything ended but ClickHouse; now comes the run without faults")
            self._count(witness, poster)
            said = Said(witness.record, poster.record, truth)
            judge(self._verdict, client, stack.clickhouse_url, said)
        self._verdict.seconds = time.monotonic() - begin
        return self._verdict

    def _worker(self) -> Sequence[str]:
        """The command line of a worker's next life: more often than not one that loses messages."""
        if self._chance.random() < _LOSSY_SHARE:
            return ("tests.chaos.lossy_worker", str(self._losses), str(self._plan.lost_one_in))
        return plain_worker()

    def _add_collectors(self, pbxs: Pbxs, witness: Witness) -> None:
        for site, port in pbxs.ports().items():
            is_small = self._plan.fills_spool and site == self._plan.live[0]
            megabytes = _SMALLEST_SPOOL_MEGABYTES if is_small else _SPOOL_MEGABYTES
            self._stack.add_collector(site, port, pbxs.secret, witness.port, megabytes)

    def _torment(self, witness: Witness, poster: Poster) -> None:
        plan = self._plan
        steps = script(plan, kills_broker=plan.broker == "apache")
        trouble = Troublemaker(plan, self._stack, witness, self._worker, self._say)
        self._say(
            "shift",
            f"{plan.shift_s:.0f} s; {len(plan.live)} PBXs with their collectors at speed"
            f" {plan.speed:g}; {len(plan.direct)} sites posted directly; {len(steps)} steps",
        )
        poster.start(plan.shift_s)
        next_s = time.monotonic() + _PROGRESS_EVERY_S

        def progress() -> None:
            nonlocal next_s
            if time.monotonic() >= next_s:
                next_s += _PROGRESS_EVERY_S
                live, direct = witness.record.accepted_count(), poster.record.accepted_count()
                done = f"{trouble.done.kills.total()} kills so far"
                self._say("progress", f"{live:,} + {direct:,} events answered 202; {done}")

        trouble.run(steps, progress)
        witness.break_nothing_more()
        self._verdict.kills = trouble.done.kills
        self._verdict.faults.update(trouble.done.others)

    def _come_to_rest(self, pbxs: Pbxs, poster: Poster) -> object:
        """Until every call is over and told; the truth about them all."""
        self._say("rest", "no more faults; calls see their end")
        pbxs.child.wait_until(pbxs.are_over, _OVER_WITHIN_S)
        truth = pbxs.truth()
        over_ms = last_end_ms(truth)
        if not poster.wait(_STORED_WITHIN_S):
            self._verdict.problems.append("the posting program could not post everything")
        self._stack.await_clickhouse()
        with closing(connect(self._stack.clickhouse_url)) as client:
            late = wait_until_quiet(client, self._plan.live, over_ms, _QUIET_WITHIN_S)
        self._verdict.problems += [f"nothing was heard of {site} any more" for site in late]
        for part in list(self._stack.parts.values()):
            if part.kind == "collector":
                part.leave()
        return truth

    def _await_stored(self, client: Client, witness: Witness, poster: Poster) -> None:
        last = witness.record.last_sequences() | poster.record.last_sequences()
        self._say("rest", f"waits until ClickHouse has everything of {len(last)} spools")
        missing = wait_until_stored(client, last, _STORED_WITHIN_S)
        self._verdict.problems += [
            f"{site}, spool {spool}: stored up to {sequence}, answered 202 up to"
            f" {last[site, spool]}"
            for (site, spool), sequence in missing.items()
        ]

    def _count(self, witness: Witness, poster: Poster) -> None:
        verdict = self._verdict
        verdict.faults.update({str(fate): count for fate, count in witness.faults.items()})
        verdict.faults.update({f"direct: {what}": n for what, n in poster.faults.items()})
        told = self._losses.read_text() if self._losses.exists() else ""
        verdict.faults["message lost between broker and worker"] = told.count(LOST)
        verdict.faults["message repeated between broker and worker"] = told.count(REPEATED)
        verdict.own_ends = {
            part.name: part.own_ends for part in self._stack.parts.values() if part.own_ends
        }
        verdict.events["through collectors, answered 202"] = witness.record.accepted_count()
        verdict.events["posted directly, answered 202"] = poster.record.accepted_count()
        verdict.events["bodies of collectors"] = sum(witness.record.bodies.values())
        verdict.events["bodies posted directly"] = sum(poster.record.bodies.values())
        if verdict.kills.total() < self._plan.kills:
            verdict.problems.append(f"only {verdict.kills.total()} kills were done")
