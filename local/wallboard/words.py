"""The wallboard's words and number forms, in Brazilian Portuguese and English."""

from typing import NamedTuple

NOTHING = "—"


class Words(NamedTuple):
    """One language."""

    title: str
    waiting: str
    longest: str
    service_level: str
    abandoned: str
    mean_wait: str
    now: str
    wait_now: str
    target: str
    of_offered: str
    all_callers: str
    queue: str
    waiting_short: str
    longest_short: str
    talking_short: str
    offered: str
    answered: str
    abandoned_short: str
    flowed_out: str
    service_level_short: str
    mean_wait_short: str
    mean_wait_all: str
    mean_handle: str
    total: str
    more_queues: str
    agents: str
    states: dict[str, str]
    data_age: str
    no_data: str
    disconnected: str
    no_answer: str
    started_again: str
    stop: str
    decimal: str


LANGUAGES = {
    "pt-BR": Words(
        title="Atendimento ao vivo",
        waiting="Esperando",
        longest="Maior",
        service_level="NS {limit} s",
        abandoned="Abandonos",
        mean_wait="TME",
        now="agora",
        wait_now="espera agora",
        target="meta {target}",
        of_offered="{share} de {offered}",
        all_callers="todas {mean}",
        queue="Fila",
        waiting_short="Esp.",
        longest_short="Maior",
        talking_short="Fal.",
        offered="Receb.",
        answered="Atend.",
        abandoned_short="Aband.",
        flowed_out="Saídas",
        service_level_short="NS",
        mean_wait_short="TME",
        mean_wait_all="TME todas",
        mean_handle="TMA",
        total="Total",
        more_queues="… e mais {count} filas",
        agents="Agentes",
        states={
            "talking": "falando",
            "hold": "em hold",
            "ringing": "tocando",
            "wrap_up": "pós-chamada",
            "busy_other": "outra ligação",
            "available": "livre",
            "paused": "pausa",
            "unreachable": "sem ramal",
            "logged_out": "deslogado",
        },
        data_age="dados há {age} s",
        no_data="ainda sem dados",
        disconnected="sem conexão com {sites}",
        no_answer="ClickHouse não responde",
        started_again="{part} caiu, reiniciando",
        stop="Ctrl-C encerra",
        decimal=",",
    ),
    "en": Words(
        title="Call centre live",
        waiting="Waiting",
        longest="Longest",
        service_level="SL {limit} s",
        abandoned="Abandoned",
        mean_wait="ASA",
        now="now",
        wait_now="wait now",
        target="target {target}",
        of_offered="{share} of {offered}",
        all_callers="all {mean}",
        queue="Queue",
        waiting_short="Wait",
        longest_short="Long.",
        talking_short="Talk",
        offered="Offer.",
        answered="Answ.",
        abandoned_short="Aband.",
        flowed_out="Flowed",
        service_level_short="SL",
        mean_wait_short="ASA",
        mean_wait_all="Wait all",
        mean_handle="AHT",
        total="Total",
        more_queues="… and {count} more queues",
        agents="Agents",
        states={
            "talking": "talking",
            "hold": "on hold",
            "ringing": "ringing",
            "wrap_up": "wrap-up",
            "busy_other": "other call",
            "available": "available",
            "paused": "paused",
            "unreachable": "no phone",
            "logged_out": "logged out",
        },
        data_age="data {age} s old",
        no_data="no data yet",
        disconnected="no connection to {sites}",
        no_answer="ClickHouse does not answer",
        started_again="{part} died, starting again",
        stop="Ctrl-C stops",
        decimal=".",
    ),
}


def duration(seconds: float | None) -> str:
    """`m:ss`, from an hour on `h:mm:ss`; "—" for None."""
    if seconds is None:
        return NOTHING
    whole = int(seconds)
    minutes, rest = divmod(whole, 60)
    if minutes < 60:  # noqa: PLR2004
        return f"{minutes}:{rest:02}"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def percent(share: float | None, words: Words) -> str:
    """One decimal; "—" for None."""
    if share is None:
        return NOTHING
    return f"{share * 100:.1f} %".replace(".", words.decimal)
