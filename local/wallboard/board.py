"""The wallboard's picture of a reading: at 80 columns the essentials, beside them the agents."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from local.wallboard.readings import ANSWER_LIMIT_S, AgentReading, QueueReading, Reading
from local.wallboard.words import NOTHING, Words, duration, percent

SERVICE_LEVEL_TARGET = 0.8
_NEARLY_ON_TARGET = 0.7
STALE_AFTER_S = 10
DEAD_AFTER_S = 30
_WIDE = 140
"""Columns from which on the agents stand beside the queues."""
_NORMAL = 76
_AGENTS_COLUMNS = 42
_QUEUE_COLUMNS = 10
# Title, cards, agents' bar and legend, the table's head and total, footer.
_FIXED_LINES = 12
_UNBOUNDED_LINES = 60
_FEWEST_QUEUES = 3

GREEN, AMBER, RED = "green3", "orange1", "red1"
_STATE_COLOURS = {
    "talking": "deep_sky_blue1",
    "hold": "dodger_blue3",
    "ringing": "yellow1",
    "wrap_up": "medium_purple1",
    "busy_other": "grey70",
    "available": GREEN,
    "paused": AMBER,
    "unreachable": RED,
    "logged_out": "grey35",
}


class Board:
    """Draws one reading; `age_s` is that of the data at this moment, None before the first."""

    def __init__(
        self,
        words: Words,
        reading: Reading | None,
        age_s: float | None,
        now: datetime,
        *,
        trouble: str = "",
        footer: str = "",
    ) -> None:
        """`trouble` is shown in place of the age; `footer` beside how to stop."""
        self._words = words
        self._reading = reading
        self._age_s = age_s
        self._now = now
        self._trouble = trouble
        self._footer = footer

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Fits the width, and on a terminal the height."""
        yield self._title()
        reading = self._reading
        if reading is None:
            yield Text(self._words.no_data, style="dim")
            return
        yield self._cards(reading.total)
        yield self._agent_bar(reading.agents, options.max_width)
        lines = console.height - _FIXED_LINES if options.is_terminal else _UNBOUNDED_LINES
        queue_lines = max(_FEWEST_QUEUES, lines)
        if options.max_width >= _WIDE:
            grid = Table.grid(expand=True)
            grid.add_column()
            grid.add_column(width=_AGENTS_COLUMNS)
            queues = self._queues(reading, queue_lines, options.max_width)
            grid.add_row(queues, self._agents(reading.agents, queue_lines + 1))
            yield grid
        else:
            yield self._queues(reading, queue_lines, options.max_width)
            left = lines - len(reading.queues) - 1
            if left > 1:
                yield self._agents(reading.agents, left - 1)
        yield Text(f" {self._words.stop}   {self._footer}", style="dim", no_wrap=True)

    def _title(self) -> RenderableType:
        sites = " · ".join(self._reading.sites) if self._reading else ""
        row = Table.grid(expand=True)
        row.add_column(no_wrap=True)
        row.add_column(justify="right", no_wrap=True)
        left = Text.assemble((f" {self._words.title}", "bold"), (f"  {sites}", "dim"))
        right = Text.assemble((f"{self._now:%H:%M:%S}  ", "dim"), self._age(), " ")
        row.add_row(left, right)
        return row

    def _age(self) -> Text:
        reading = self._reading
        if self._trouble:
            return Text(self._trouble, style=f"bold {RED}")
        if reading is not None and reading.disconnected:
            sites = ", ".join(reading.disconnected)
            return Text(self._words.disconnected.format(sites=sites), style=f"bold {RED}")
        if self._age_s is None:
            return Text(self._words.no_data, style=AMBER)
        colour = GREEN
        if self._age_s > STALE_AFTER_S:
            colour = RED if self._age_s > DEAD_AFTER_S else AMBER
        return Text("● " + self._words.data_age.format(age=f"{self._age_s:.0f}"), style=colour)

    # --- Cards ------------------------------------------------------------------------------------

    def _cards(self, total: QueueReading) -> RenderableType:
        words = self._words
        longest = total.longest_wait_ms / 1000
        is_long = longest > ANSWER_LIMIT_S
        cards = (
            (words.waiting, str(total.waiting), words.now, AMBER if total.waiting else "white"),
            (
                words.longest,
                duration(longest) if total.waiting else NOTHING,
                words.wait_now,
                RED if longest > 3 * ANSWER_LIMIT_S else AMBER if is_long else "white",
            ),
            (
                words.service_level.format(limit=ANSWER_LIMIT_S),
                percent(total.service_level, words),
                words.target.format(target=f"{SERVICE_LEVEL_TARGET:.0%}"),
                _level_colour(total.service_level),
            ),
            (
                words.abandoned,
                str(total.abandoned),
                words.of_offered.format(
                    share=percent(total.abandonment_rate, words), offered=total.offered
                ),
                "white",
            ),
            (
                words.mean_wait,
                duration(total.mean_wait_answered_s),
                words.all_callers.format(mean=duration(total.mean_wait_all_s)),
                "white",
            ),
        )
        grid = Table.grid(expand=True)
        for _ in cards:
            grid.add_column(ratio=1)
        grid.add_row(*(_card(*card) for card in cards))
        return grid

    # --- Agents -----------------------------------------------------------------------------------

    def _agent_bar(self, agents: tuple[AgentReading, ...], width: int) -> RenderableType:
        """One cell per agent who is logged in, as wide as there is room; the counts below."""
        counts = Counter(agent.state for agent in agents)
        present = sum(counts.values()) - counts["logged_out"]
        cell = max(1, min(6, (width - 2) // max(1, present)))
        bar = Text(" ")
        legend = Text(" ")
        for state, colour in _STATE_COLOURS.items():
            if not counts[state]:
                continue
            if state != "logged_out":
                bar.append(("█" * (cell - 1) + " " if cell > 1 else "█") * counts[state], colour)
            # Hard spaces: a state is not torn from its count at a line's end.
            words = self._words.states[state].replace(" ", "\u00a0")
            legend.append("●\u00a0", colour)
            legend.append(f"{words}\u00a0")
            legend.append(f"{counts[state]}", "bold")
            legend.append("   ")
        bar.truncate(width)
        return Group(bar, legend, Text(""))

    def _agents(self, agents: tuple[AgentReading, ...], lines: int) -> RenderableType:
        table = Table(box=None, expand=True, padding=(0, 1), header_style="dim")
        table.add_column(self._words.agents, no_wrap=True, ratio=1)
        table.add_column("", no_wrap=True)
        table.add_column("", justify="right", no_wrap=True)
        order = list(_STATE_COLOURS)
        there = [agent for agent in agents if agent.state != "logged_out"]
        for agent in sorted(there, key=lambda a: (order.index(a.state), -a.since_ms))[:lines]:
            reason = f" ({agent.pause_reason})" if agent.pause_reason else ""
            state = Text(self._words.states[agent.state] + reason, _STATE_COLOURS[agent.state])
            table.add_row(agent.name, state, duration(agent.since_ms / 1000))
        return table

    # --- Queues -----------------------------------------------------------------------------------

    def _queues(self, reading: Reading, lines: int, width: int) -> RenderableType:
        words = self._words
        columns = [column for column in _COLUMNS if column.from_width <= width]
        table = Table(box=None, expand=True, padding=(0, 1), header_style="dim")
        table.add_column(words.queue, no_wrap=True, ratio=1, min_width=_QUEUE_COLUMNS)
        for column in columns:
            table.add_column(column.head(words), justify="right", no_wrap=True)
        shown = reading.queues
        if len(shown) > lines:
            busiest = sorted(shown, key=lambda queue: -queue.offered)[: lines - 1]
            shown = tuple(sorted(busiest, key=lambda queue: queue.queue))
        for queue in shown:
            table.add_row(queue.queue, *(column.cell(queue, words) for column in columns))
        if len(shown) < len(reading.queues):
            more = words.more_queues.format(count=len(reading.queues) - len(shown))
            table.add_row(Text(more, style="dim"))
        total = (column.cell(reading.total, words) for column in columns)
        table.add_row(words.total, *total, style="bold")
        return table


class _Column(NamedTuple):
    """A column of the queues' table, shown from a width on."""

    head: Callable[[Words], str]
    cell: Callable[[QueueReading, Words], Text]
    from_width: int = 0


def _longest(queue: QueueReading, _words: Words) -> Text:
    longest = queue.longest_wait_ms / 1000
    text = duration(longest) if queue.waiting else NOTHING
    return Text(text, style=AMBER if longest > ANSWER_LIMIT_S else "")


def _level(queue: QueueReading, words: Words) -> Text:
    return Text(percent(queue.service_level, words), style=_level_colour(queue.service_level))


_COLUMNS = (
    _Column(
        lambda words: words.waiting_short,
        lambda queue, _: Text(str(queue.waiting), style=AMBER if queue.waiting else ""),
    ),
    _Column(lambda words: words.longest_short, _longest),
    _Column(lambda words: words.talking_short, lambda queue, _: Text(str(queue.talking)), _NORMAL),
    _Column(lambda words: words.offered, lambda queue, _: Text(str(queue.offered))),
    _Column(lambda words: words.answered, lambda queue, _: Text(str(queue.answered)), _NORMAL),
    _Column(lambda words: words.abandoned_short, lambda queue, _: Text(str(queue.abandoned))),
    _Column(lambda words: words.flowed_out, lambda queue, _: Text(str(queue.flowed_out)), _WIDE),
    _Column(lambda words: words.service_level_short, _level),
    _Column(
        lambda words: words.mean_wait_short,
        lambda queue, _: Text(duration(queue.mean_wait_answered_s)),
        _NORMAL,
    ),
    _Column(
        lambda words: words.mean_wait_all,
        lambda queue, _: Text(duration(queue.mean_wait_all_s)),
        _WIDE,
    ),
    _Column(
        lambda words: words.mean_handle,
        lambda queue, _: Text(duration(queue.mean_handle_s)),
        _WIDE,
    ),
)


def _card(title: str, value: str, below: str, colour: str) -> Panel:
    text = Text(justify="center", no_wrap=True)
    text.append(f"{value}\n", f"bold {colour}")
    text.append(below, "dim")
    return Panel(text, title=title, border_style="grey42", padding=(0, 0))


def _level_colour(level: float | None) -> str:
    if level is None:
        return ""
    if level >= SERVICE_LEVEL_TARGET:
        return GREEN
    return AMBER if level >= _NEARLY_ON_TARGET else RED
