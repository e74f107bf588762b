"""Callers come: at random, by the hour of the day; some have called before. And other traffic."""

from local.pbx import queueing
from local.pbx.channels import UNKNOWN
from local.pbx.floor import Caller, Floor
from local.pbx.plan import DAILY_SHAPE

_HOUR_MS = 3_600_000
_NAMES = (
    "Maria Silva",
    "José Pereira",
    "Conceição Ramos",
    "Loja 24h",
    "O'Neil",
    "Padaria Pão & Cia",
    "Antônio Araújo",
    UNKNOWN,
)
_TRUNK_CONTEXT = "from-trunk"


def plan_arrivals(floor: Floor, until: int | None) -> None:
    """Callers come from now on, up to `until` (None: for ever)."""
    peak = floor.habits.calls_per_hour * max(DAILY_SHAPE)
    if peak:
        _plan_next(floor, _HOUR_MS / peak, until)
    internal = floor.habits.internal_calls_per_hour
    if internal:
        _plan_internal(floor, 3600 / internal, until)


def _plan_next(floor: Floor, mean_ms: float, until: int | None) -> None:
    moment = floor.now + max(1, round(floor.chance.expovariate(1 / mean_ms)))
    if until is not None and moment >= until:
        return

    def come() -> None:
        # Thinning: candidates come at the day's highest rate, and the hour lets some through.
        local_hour = floor.now // _HOUR_MS + floor.plan.utc_offset_hours
        if floor.happens(DAILY_SHAPE[local_hour % 24] / max(DAILY_SHAPE)):
            _arrive(floor)
        _plan_next(floor, mean_ms, until)

    floor.at(moment, come)


def _arrive(floor: Floor) -> None:
    number = f"+55119{floor.chance.randrange(1, 100_000):08}"
    if floor.recent_abandons and floor.happens(floor.habits.calls_again):
        number = floor.recent_abandons.popleft()
    name = floor.chance.choice(_NAMES)
    channel = floor.new_channel(
        f"{floor.dialect.technology}/trunk",
        4,
        party=(number, name, UNKNOWN, UNKNOWN),
        context=_TRUNK_CONTEXT,
        exten="551130000000",
    )
    channel.change(state=6)
    channel.application = "BackGround"
    floor.say("call", "Newstate", channel.block())
    floor.callers_in_progress += 1
    caller = Caller(channel, number)
    menu_s = floor.about_s(floor.habits.menu_s)
    if floor.happens(floor.habits.hangs_up_in_menu):
        floor.after_s(menu_s, lambda: queueing.hang_up(floor, caller))
        return
    queues = floor.plan.queues
    (queue,) = floor.chance.choices(queues, weights=[queue.share for queue in queues])
    floor.after_s(menu_s, lambda: queueing.join(floor, caller, queue.name))


def _plan_internal(floor: Floor, mean_s: float, until: int | None) -> None:
    """Calls between phones that have nothing to do with the queues."""
    seconds = floor.rarely_s(mean_s)
    if until is not None and floor.now + seconds * 1000 >= until:
        return

    def call() -> None:
        technology = floor.dialect.technology
        near = floor.new_channel(f"{technology}/801", 4, context="from-internal", exten="802")
        far = floor.new_channel(f"{technology}/802", 5, near.linkedid, context="from-internal")
        both = near.block() + far.block("Dest")
        floor.say("call", "DialBegin", f"{both}DialString: 802\r\n")

        def over() -> None:
            floor.say("call", "HangupRequest", near.block())
            floor.hang_up(far)
            floor.hang_up(near)

        floor.after_s(floor.about_s(floor.habits.transferred_talk_s), over)
        _plan_internal(floor, mean_s, until)

    floor.after_s(seconds, call)
