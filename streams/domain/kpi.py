"""The KPIs: the only place besides clickhouse/schema/functions where a ratio or mean is formed.

Each function takes counts and sums over whatever rows are asked about and divides once, so a card,
a table's total and an export agree. The SQL function of the same name is `kpi_<name>`, with the
same arguments in the same order; a parity test feeds both. Definitions: docs/kpi.md.

Nothing counted gives None (shown "—"), never 0 or 1. Arguments that cannot be counts or sums of the
same rows raise ValueError.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

Unit = Literal["ratio", "seconds", "conversations"]


def waits_within(waits: Mapping[int, int], limit_s: int) -> int:
    """Queue calls that waited at most `limit_s` whole elapsed seconds: the answer limit T includes.

    `waits` maps whole seconds of wait (rounded down) to numbers of queue calls.
    """
    return sum(calls for wait_s, calls in waits.items() if wait_s <= limit_s)


def waits_below(waits: Mapping[int, int], limit_s: int) -> int:
    """Queue calls that waited less than `limit_s` seconds: the short-abandon limit S excludes.

    `waits` maps whole seconds of wait (rounded down) to numbers of queue calls.
    """
    return sum(calls for wait_s, calls in waits.items() if wait_s < limit_s)


def service_level_excluding_short(
    answered_within: int, answered: int, abandoned: int, abandoned_short: int
) -> float | None:
    """Answered within T over answered and abandoned without short abandons: the default variant."""
    return _share(answered_within, answered + _rest(abandoned, abandoned_short))


def service_level_answered_and_abandoned(
    answered_within: int, answered: int, abandoned: int
) -> float | None:
    """Answered within T over answered and abandoned."""
    return _share(answered_within, answered + abandoned)


def service_level_with_flow_outs(
    answered_within: int, answered: int, abandoned: int, flowed_out: int
) -> float | None:
    """Answered within T over answered, abandoned and flowed out."""
    return _share(answered_within, answered + abandoned + flowed_out)


def service_level_over_offered(answered_within: int, offered: int) -> float | None:
    """Answered within T over everything that entered the queue, open and unknown included."""
    return _share(answered_within, offered)


def service_level_over_answered(answered_within: int, answered: int) -> float | None:
    """Answered within T over answered: abandons do not count."""
    return _share(answered_within, answered)


def service_level_left_within(
    answered_within: int, abandoned_within: int, flowed_out_within: int, offered: int
) -> float | None:
    """Left the queue within T, for whatever reason, over everything that entered it."""
    return _share(answered_within + abandoned_within + flowed_out_within, offered)


def service_level_late_abandons(
    answered_within: int, answered: int, abandoned: int, abandoned_within: int
) -> float | None:
    """Answered within T over answered and those abandoned later than T."""
    return _share(answered_within, answered + _rest(abandoned, abandoned_within))


def service_level_met(
    variant: str, answered_within: int, abandoned_within: int, flowed_out_within: int
) -> int:
    """Queue calls that were served as the variant asks: what stands above its line."""
    return answered_within + (
        abandoned_within + flowed_out_within if variant == "left_within" else 0
    )


def service_level_counted(  # noqa: PLR0917 - the arguments of the SQL function, in its order
    variant: str,
    answered: int,
    abandoned: int,
    abandoned_short: int,
    abandoned_within: int,
    flowed_out: int,
    offered: int,
) -> int:
    """Queue calls that count for the variant: what stands below its line; 0 if it is unknown."""
    counted = {
        "excluding_short": answered + _rest(abandoned, abandoned_short),
        "answered_and_abandoned": answered + abandoned,
        "with_flow_outs": answered + abandoned + flowed_out,
        "over_offered": offered,
        "over_answered": answered,
        "left_within": offered,
        "late_abandons": answered + _rest(abandoned, abandoned_within),
    }
    return counted.get(variant, 0)


def service_level_of(met: int, counted: int) -> float | None:
    """Service level of several queues together, each by its own variant: sums of both parts."""
    return _share(met, counted)


def service_level(  # noqa: PLR0917 - the arguments of the SQL function, in its order
    variant: str,
    answered_within: int,
    answered: int,
    abandoned: int,
    abandoned_short: int,
    abandoned_within: int,
    flowed_out: int,
    flowed_out_within: int,
    offered: int,
) -> float | None:
    """Service level by the name of its variant, without `service_level_`; None if it is unknown."""
    counted = service_level_counted(
        variant, answered, abandoned, abandoned_short, abandoned_within, flowed_out, offered
    )
    if not counted:
        return None
    return service_level_of(
        service_level_met(variant, answered_within, abandoned_within, flowed_out_within), counted
    )


def abandonment_rate(abandoned: int, offered: int) -> float | None:
    """Abandoned over offered."""
    return _share(abandoned, offered)


def abandonment_rate_without_short(
    abandoned: int, abandoned_short: int, offered: int
) -> float | None:
    """Abandoned over offered, short abandons taken out of both."""
    return _share(_rest(abandoned, abandoned_short), _rest(offered, abandoned_short))


def mean_wait_answered(answered_wait_ms: int, answered: int) -> float | None:
    """TME (atendidas), ASA: mean wait of answered queue calls, seconds."""
    return _mean_s(answered_wait_ms, answered)


def mean_wait_all(  # noqa: PLR0917 - the arguments of the SQL function, in its order
    answered_wait_ms: int,
    abandoned_wait_ms: int,
    flowed_out_wait_ms: int,
    answered: int,
    abandoned: int,
    flowed_out: int,
) -> float | None:
    """TME (todas): mean wait of all who waited and ended, seconds."""
    return _mean_s(
        answered_wait_ms + abandoned_wait_ms + flowed_out_wait_ms, answered + abandoned + flowed_out
    )


def mean_abandon_time(abandoned_wait_ms: int, abandoned: int) -> float | None:
    """Mean wait of those who abandoned, seconds."""
    return _mean_s(abandoned_wait_ms, abandoned)


def mean_handle_time(talk_ms: int, hold_ms: int, wrap_up_ms: int, handled: int) -> float | None:
    """TMA, AHT: talk, hold and wrap-up per handled queue call, seconds."""
    return _mean_s(talk_ms + hold_ms + wrap_up_ms, handled)


def mean_handle_time_without_wrap_up(talk_ms: int, hold_ms: int, handled: int) -> float | None:
    """TMA without wrap-up: talk and hold per handled queue call, seconds."""
    return _mean_s(talk_ms + hold_ms, handled)


def occupancy(handle_ms: int, available_ms: int) -> float | None:
    """Share of the time agents could work in which they did: handle over handle and available."""
    return _share(handle_ms, handle_ms + available_ms)


def utilisation(handle_ms: int, logged_in_ms: int) -> float | None:
    """Share of the time agents were logged in, pauses included, in which they handled."""
    return _share(handle_ms, logged_in_ms)


def covered_ms(spans: Sequence[tuple[int, int]]) -> int:
    """How long at least one of the spans (from, until) lasts; 0 without any, in any order."""
    total, end = 0, 0
    for begin, until in sorted(spans):
        total += max(until - max(begin, end), 0)
        end = max(end, until)
    return total


def mean_concurrency(conversation_ms: int, busy_ms: int) -> float | None:
    """How many conversations a person had at a time while busy: 1 or more."""
    if not 0 <= busy_ms <= conversation_ms:
        raise ValueError(f"{conversation_ms} ms of conversation do not fill {busy_ms} ms")
    return conversation_ms / busy_ms if busy_ms else None


def mean_first_response(first_response_ms: int, responded: int) -> float | None:
    """FRT: from entering the queue to the first message a person wrote, seconds."""
    return _mean_s(first_response_ms, responded)


def mean_resolution(resolution_ms: int, resolved: int) -> float | None:
    """From entering the queue to the end of the chat, of those people answered, seconds."""
    return _mean_s(resolution_ms, resolved)


def bot_containment(bot_only: int, offered: int) -> float | None:
    """Share of the chats that never waited for people."""
    return _share(bot_only, offered)


class Kpi(NamedTuple):
    """An entry of the catalogue; `formula` is the function, its name the KPI's name."""

    formula: Callable[..., float | None]
    unit: Unit
    definition: str

    @property
    def name(self) -> str:
        """The name in Python; `kpi_` before it in SQL."""
        return self.formula.__name__


CATALOGUE: tuple[Kpi, ...] = (
    Kpi(
        service_level_excluding_short,
        "ratio",
        "answered ≤ T / (answered + abandoned - short abandons)",
    ),
    Kpi(
        service_level_answered_and_abandoned,
        "ratio",
        "answered ≤ T / (answered + abandoned)",
    ),
    Kpi(
        service_level_with_flow_outs,
        "ratio",
        "answered ≤ T / (answered + abandoned + flowed out)",
    ),
    Kpi(service_level_over_offered, "ratio", "answered ≤ T / offered"),
    Kpi(service_level_over_answered, "ratio", "answered ≤ T / answered"),
    Kpi(service_level_left_within, "ratio", "left the queue ≤ T / offered"),
    Kpi(
        service_level_late_abandons,
        "ratio",
        "answered ≤ T / (answered + abandoned later than T)",
    ),
    Kpi(abandonment_rate, "ratio", "abandoned / offered"),
    Kpi(
        abandonment_rate_without_short,
        "ratio",
        "(abandoned - short) / (offered - short)",
    ),
    Kpi(mean_wait_answered, "seconds", "Σ wait of answered / answered"),
    Kpi(
        mean_wait_all,
        "seconds",
        "Σ wait of answered, abandoned and flowed out / their number",
    ),
    Kpi(mean_abandon_time, "seconds", "Σ wait of abandoned / abandoned"),
    Kpi(mean_handle_time, "seconds", "(Σ talk + hold + wrap-up) / handled"),
    Kpi(
        mean_handle_time_without_wrap_up,
        "seconds",
        "(Σ talk + hold) / handled",
    ),
    Kpi(occupancy, "ratio", "handle / (handle + available)"),
    Kpi(utilisation, "ratio", "handle / logged in"),
    Kpi(mean_concurrency, "conversations", "Σ conversation / time with one or more"),
    Kpi(mean_first_response, "seconds", "Σ first response / chats with one"),
    Kpi(mean_resolution, "seconds", "Σ entering to end / answered chats that ended"),
    Kpi(bot_containment, "ratio", "bot only / offered"),
)


def _share(part: int, whole: int) -> float | None:
    if not 0 <= part <= whole:
        raise ValueError(f"{part} is no part of {whole}")
    return part / whole if whole else None


def _mean_s(total_ms: int, count: int) -> float | None:
    if total_ms < 0 or count < 0:
        raise ValueError(f"{total_ms} ms over {count} is no mean of durations")
    return total_ms / 1000 / count if count else None


def _rest(whole: int, part: int) -> int:
    if not 0 <= part <= whole:
        raise ValueError(f"{part} is no part of {whole}")
    return whole - part
