"""What fills the variables of the pages: first the value, then the text people see."""

# ruff: noqa: S608 - statements are put together of constants of our own alone

from grafana.language import Language, Text
from grafana.queries.filters import NO_TEAM, QUEUE, TEAM, chosen_as
from grafana.theme import VARIANTS

TIME_ZONE = "SELECT if(uniqExact(time_zone) = 1, any(time_zone), 'UTC') FROM callcentre.v_tenants"
"""The zone of the one customer whose row the reader sees. An operator who sees several gets UTC."""

QUEUES = f"""SELECT
    {chosen_as("queue")} AS value,
    if(count() OVER (PARTITION BY display_name) > 1, concat(display_name, ' (', queue, ')'),
        display_name) AS name
FROM callcentre.v_queue_settings
ORDER BY name, queue"""
"""Queues of the same name are told apart by what their source calls them: a queue of chats is often
named as one of calls."""

TEAMS = f"""SELECT {chosen_as("team_name")} AS value, team_name
FROM
(
    SELECT DISTINCT if(team = '', '{NO_TEAM}', team) AS team_name
    FROM callcentre.v_agents_registry
)
ORDER BY team_name"""

AGENTS = f"""SELECT {chosen_as("person")} AS value, person
FROM
(
    SELECT DISTINCT person FROM callcentre.v_agents_registry
    WHERE {TEAM}
    UNION DISTINCT
    SELECT DISTINCT agent_name FROM callcentre.v_queue_calls
    WHERE channel = 'whatsapp' AND entered_at > now() - INTERVAL 7 DAY AND agent_name != ''
        AND (tenant_id, site, agent_key) NOT IN
            (SELECT tenant_id, site, agent_key FROM callcentre.v_agents_registry)
)
ORDER BY person"""
"""Chats tell of no states: who only chats and is not registered is known by the chats alone."""

MIXED = Text("por fila", "by queue")


def criterion(language: Language) -> str:
    """By what the service level of the chosen queues is measured, in words: `80/20 · …`."""
    return f"""SELECT if(uniqExact(words) = 1, any(words), '{MIXED.in_(language)}')
FROM
(
    SELECT {criterion_of_queue(language)} AS words
    FROM callcentre.v_queue_settings
    WHERE {QUEUE}
)"""


def criterion_of_queue(language: Language) -> str:
    """The same of one queue, over the columns of `v_queue_settings` and `v_queue_results`."""
    names = ", ".join(f"'{name}'" for name in VARIANTS)
    words = ", ".join(f"'{words.in_(language)}'" for words in VARIANTS.values())
    return (
        "concat(toString(toUInt32(round(service_level_target * 100))), '/',"
        " toString(answer_limit_s),"
        f" ' · ', transform(service_level_variant, [{names}], [{words}], service_level_variant))"
    )
