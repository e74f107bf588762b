"""Who is offered to whom: free agents and waiting callers, by the strategies of the queues."""

from local.pbx import queueing, rings, talks
from local.pbx.floor import Agent, Caller, Floor, QueueState, Ring


def dispatch(floor: Floor) -> None:
    """Rings free agents for waiting callers: heavier queues first, in order of position."""
    floor.is_dispatch_due = False
    for queue in sorted(floor.queues.values(), key=lambda queue: -queue.plan.weight):
        for caller in tuple(queue.waiting):
            if caller.rings or caller.next_try_at > floor.now:
                continue
            free = _free_agents(floor, queue)
            if not free:
                break
            for agent in _choose(floor, queue, free):
                _ring(floor, caller, agent, queue)


def _free_agents(floor: Floor, queue: QueueState) -> list[Agent]:
    """Those with the lowest penalty of all who are free for this queue."""
    wrapped_up_before = floor.now - queue.plan.wrap_up_s * 1000
    free = [
        agent
        for agent in floor.agents
        if agent.is_free
        and queue.name in agent.memberships
        and agent.last_call_ms <= wrapped_up_before
    ]
    lowest = min((agent.memberships[queue.name].penalty for agent in free), default=0)
    return [agent for agent in free if agent.memberships[queue.name].penalty == lowest]


def _choose(floor: Floor, queue: QueueState, free: list[Agent]) -> list[Agent]:
    strategy = queue.plan.strategy
    if strategy == "ringall":
        return free
    if strategy == "random":
        return [floor.chance.choice(free)]
    if strategy == "rrmemory":
        after = [agent for agent in free if agent.interface > queue.last_agent]
        return [(after or free)[0]]
    if strategy == "leastrecent":
        return [min(free, key=lambda agent: agent.last_call_ms)]
    if strategy == "fewestcalls":
        return [min(free, key=lambda agent: agent.memberships[queue.name].calls_taken)]
    return [free[0]]


def _ring(floor: Floor, caller: Caller, agent: Agent, queue: QueueState) -> None:
    ring = rings.start(floor, caller, agent, queue)
    habits = floor.habits
    answer_after_s = floor.about_s(habits.answer_after_s)
    if floor.happens(habits.rejects):
        floor.after_s(answer_after_s, lambda: _rejected(floor, ring))
    elif not floor.happens(habits.misses) and answer_after_s < queue.plan.ring_timeout_s:
        floor.after_s(answer_after_s, lambda: _answered(floor, ring))
    floor.after_s(queue.plan.ring_timeout_s, lambda: _missed(floor, ring))


def _answered(floor: Floor, ring: Ring) -> None:
    if not ring.is_over:
        rings.answer(floor, ring)
        talks.begin(floor, ring)


def _rejected(floor: Floor, ring: Ring) -> None:
    if not ring.is_over:
        rings.reject(floor, ring)
        _retry_later(floor, ring)


def _missed(floor: Floor, ring: Ring) -> None:
    if not ring.is_over:
        rings.miss(floor, ring)
        _retry_later(floor, ring)


def _retry_later(floor: Floor, ring: Ring) -> None:
    """The round is over when the last phone has stopped; the next one begins after `retry`."""
    caller = ring.caller
    if not caller.rings:
        caller.next_try_at = floor.now + round(ring.queue.plan.retry_s * 1000)
        floor.at(caller.next_try_at, lambda: _request(floor))
    queueing.watch_emptiness(floor, ring.queue)
    _request(floor)


def _request(floor: Floor) -> None:
    floor.is_dispatch_due = True
