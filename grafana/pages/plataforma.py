"""Plataforma: whether what stands on the other pages is fresh and whole. For the operator alone."""

from collections.abc import Sequence

from grafana.board import Page, prometheus_variable
from grafana.charts import graph
from grafana.language import Language, Text, same
from grafana.panels import Head, Place, figure, row
from grafana.queries import platform as ask
from grafana.sdk import dashboard
from grafana.theme import (
    DATA_AGE_S,
    LATE_SHARE,
    NONE_IS_GOOD,
    SOME_IS_NEEDED,
    Thresholds,
    Unit,
)

UID = "cc-platform"

_NONE = Text("nenhuma série", "no series")


def page(language: Language) -> Page:
    """The page in one language."""
    return Page(
        uid=UID,
        title=Text("Plataforma", "Platform"),
        description=Text(
            "De ponta a ponta: coletores, entrada, processamento e ClickHouse, de todos os "
            "clientes.",
            "End to end: collectors, ingest, streams and ClickHouse, of all customers.",
        ),
        panels=_Builder(language).panels(),
        refresh="30s",
        since="now-3h",
        variables=[prometheus_variable("tenant", Text("Cliente", "Tenant"), ask.TENANTS, language)],
    )


class _Builder:
    """Places panels line by line; numbers rise with their places and are never reused."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def panels(self) -> list[dashboard.Panel | dashboard.RowPanel]:
        return [
            *self._numbers(),
            row(20, Text("Frescor", "Freshness"), 4, self._language),
            *self._freshness(),
            row(30, Text("Coletores", "Collectors"), 13, self._language),
            *self._collectors(),
            row(40, Text("Entrada", "Ingest"), 22, self._language),
            *self._ingest(),
            row(50, Text("Processamento", "Streams"), 31, self._language),
            *self._streams(),
            row(60, same("ClickHouse"), 48, self._language),
            *self._clickhouse(),
            row(70, Text("Filas dos clientes", "Queues of customers"), 57, self._language),
            *self._queues(),
        ]

    def _number(  # noqa: PLR0917 - a table of numbers reads best in columns
        self,
        number: int,
        title: Text,
        description: Text,
        x: int,
        expression: str,
        unit: Unit,
        thresholds: Thresholds,
        decimals: int = 0,
    ) -> dashboard.Panel:
        head = Head(number, title, description, Place(x, 0, 4, 4))
        return figure(
            head,
            self._language,
            expression,
            unit=unit,
            thresholds=thresholds,
            decimals=decimals,
            none=_NONE,
        )

    def _graph(  # noqa: PLR0917 - the same of graphs
        self,
        number: int,
        title: Text,
        description: Text,
        place: Place,
        expressions: Sequence[tuple[str, str]],
        unit: Unit,
    ) -> dashboard.Panel:
        return graph(
            Head(number, title, description, place), self._language, expressions, unit=unit
        )

    def _numbers(self) -> list[dashboard.Panel]:
        return [
            self._number(
                1,
                Text("Atrasados, última hora", "Late, last hour"),
                Text(
                    "Parte dos lotes que não puderam ser lidos no ClickHouse até 1 s depois de "
                    "recebidos. O objetivo permite 1 % em 30 dias.",
                    "Share of batches that could not be read in ClickHouse within 1 s of their "
                    "receipt. The objective allows 1 % over 30 days.",
                ),
                0,
                ask.ON_TIME,
                Unit.SHARE,
                LATE_SHARE,
                2,
            ),
            self._number(
                2,
                Text("Atrasados, 3 dias", "Late, 3 days"),
                Text(
                    "O mesmo sobre três dias: acima de 1 %, o orçamento do mês não dura.",
                    "The same over three days: above 1 % the month's budget does not last.",
                ),
                4,
                ask.ON_TIME_3_DAYS,
                Unit.SHARE,
                LATE_SHARE,
                2,
            ),
            self._number(
                3,
                Text("Centrais em silêncio", "Sites silent"),
                Text(
                    "Centrais de que nada chega há mais de dois minutos (alerta SiteSilent).",
                    "Sites of which nothing has arrived for more than two minutes (alert "
                    "SiteSilent).",
                ),
                8,
                ask.SITES_SILENT,
                Unit.COUNT,
                NONE_IS_GOOD,
            ),
            self._number(
                4,
                Text("Maior atraso", "Largest lag"),
                Text(
                    "Há quanto tempo aconteceu o lote mais antigo que ainda não teve todo o "
                    "efeito (alerta StreamsLag).",
                    "How long ago the oldest batch happened that has not taken its full effect "
                    "(alert StreamsLag).",
                ),
                12,
                f"max({ask.LAG})",
                Unit.SECONDS,
                DATA_AGE_S,
                1,
            ),
            self._number(
                5,
                Text("Janelas que diferem", "Windows that differ"),
                Text(
                    "Janelas das últimas 48 horas que não são a soma de suas chamadas. Tudo além "
                    "de 0 é defeito.",
                    "Windows of the last 48 hours that are not the sums over their queue calls. "
                    "Anything but 0 is a fault.",
                ),
                16,
                ask.DIFFERENCES,
                Unit.COUNT,
                NONE_IS_GOOD,
            ),
            self._number(
                6,
                Text("Partições atendidas", "Partitions owned"),
                Text(
                    "Partições da fonte que os processos dobram agora; 0: nada anda (alerta "
                    "StreamsDown).",
                    "Source partitions that workers fold now; 0: nothing moves (alert "
                    "StreamsDown).",
                ),
                20,
                ask.PARTITIONS,
                Unit.COUNT,
                SOME_IS_NEEDED,
            ),
        ]

    def _freshness(self) -> list[dashboard.Panel]:
        words = {"received": "ingest", "happened": "PBX"}
        return [
            self._graph(
                21,
                Text("Idade ao ficar legível", "Age when readable"),
                Text(
                    "De quando o último evento do lote aconteceu na central (PBX) ou foi recebido "
                    "(ingest) até estar legível no ClickHouse: metade e 99 %.",
                    "From when the batch's last event happened on the PBX, or was received by "
                    "ingest, until it could be read in ClickHouse: half of them and 99 %.",
                ),
                Place(0, 5, 14, 8),
                [(q, f"{words[since]} p{share * 100:.0f}") for share, since, q in ask.EVENT_AGE],
                Unit.SECONDS,
            ),
            self._graph(
                22,
                Text("Eventos por segundo, por cliente", "Events per second, by tenant"),
                Text(
                    "Eventos que os coletores entregaram e a entrada aceitou.",
                    "Events that the collectors delivered and ingest accepted.",
                ),
                Place(14, 5, 10, 8),
                [(ask.DELIVERED, "{{tenant}}")],
                Unit.PER_SECOND,
            ),
        ]

    def _collectors(self) -> list[dashboard.Panel]:
        site = "{{tenant}} {{site}}"
        return [
            self._graph(
                31,
                Text("Silêncio por central", "Silence by site"),
                Text(
                    "Há quanto tempo chegou o último lote de cada central.",
                    "How long ago the last batch of each site arrived.",
                ),
                Place(0, 14, 8, 8),
                [(ask.LAST_SEEN, site)],
                Unit.SECONDS,
            ),
            self._graph(
                32,
                Text("Esperando no disco do coletor", "Waiting in the spool"),
                Text(
                    "Eventos no disco de cada coletor que ainda não foram aceitos (alerta "
                    "SpoolGrowing).",
                    "Events on each collector's disk that were not accepted yet (alert "
                    "SpoolGrowing).",
                ),
                Place(8, 14, 8, 8),
                [(ask.SPOOL, site)],
                Unit.COUNT,
            ),
            self._graph(
                33,
                Text("Eventos descartados", "Events dropped"),
                Text(
                    "Eventos que coletores tiveram de descartar, por motivo: cada um é uma lacuna "
                    "nos painéis (alerta EventsDropped).",
                    "Events that collectors had to drop, by reason: each is a gap on the boards "
                    "(alert EventsDropped).",
                ),
                Place(16, 14, 8, 8),
                [(ask.DROPPED, f"{site} {{{{reason}}}}")],
                Unit.COUNT,
            ),
        ]

    def _ingest(self) -> list[dashboard.Panel]:
        return [
            self._graph(
                41,
                Text("Pedidos por resultado", "Requests by outcome"),
                Text(
                    "Pedidos a /v1/events por segundo: aceitos, ou o código do erro (alerta "
                    "IngestErrors).",
                    "Requests to /v1/events per second: accepted, or the code of the error (alert "
                    "IngestErrors).",
                ),
                Place(0, 23, 8, 8),
                [(ask.REQUESTS, "{{outcome}}")],
                Unit.PER_SECOND,
            ),
            self._graph(
                42,
                Text("Duração dos pedidos", "Duration of requests"),
                Text(
                    "Do começo do pedido à resposta, e a parte de publicar no Kafka (alerta "
                    "IngestSlow).",
                    "From the head of the request to its answer, and the publishing to Kafka in "
                    "it (alert IngestSlow).",
                ),
                Place(8, 23, 8, 8),
                [
                    *((q, f"p{share * 100:.0f}") for share, q in ask.REQUEST_SECONDS),
                    (ask.PUBLISH_SECONDS, "Kafka p95"),
                ],
                Unit.SECONDS,
            ),
            self._graph(
                43,
                Text("Eventos recusados", "Events refused"),
                Text(
                    "Eventos recusados por seu conteúdo dentro de lotes aceitos, por motivo.",
                    "Events refused for their content within accepted batches, by reason.",
                ),
                Place(16, 23, 8, 8),
                [(ask.REFUSED_EVENTS, "{{reason}}")],
                Unit.PER_SECOND,
            ),
        ]

    def _streams(self) -> list[dashboard.Panel]:
        partition = "{{partition}}"
        return [
            self._graph(
                51,
                Text("Atraso por partição", "Lag by partition"),
                Text(
                    "Há quanto tempo aconteceu o lote mais antigo da partição sem todo o efeito "
                    "(alerta StreamsLag).",
                    "How long ago the oldest batch of the partition without its full effect "
                    "happened (alert StreamsLag).",
                ),
                Place(0, 32, 8, 8),
                [(ask.LAG, partition)],
                Unit.SECONDS,
            ),
            self._graph(
                52,
                Text("Mensagens por partição", "Messages by partition"),
                Text(
                    "Mensagens na partição da fonte que ainda não tiveram todo o efeito.",
                    "Messages in the source partition that have not taken their full effect.",
                ),
                Place(8, 32, 8, 8),
                [(ask.LAG_MESSAGES, partition)],
                Unit.COUNT,
            ),
            self._graph(
                53,
                Text("Eventos dobrados por segundo", "Events folded per second"),
                Text(
                    "Eventos levados à dobra por todos os processos juntos.",
                    "Events taken into the fold by all workers together.",
                ),
                Place(16, 32, 8, 8),
                [(ask.FOLDED, "total")],
                Unit.PER_SECOND,
            ),
            self._graph(
                54,
                Text("Duração de uma unidade", "Duration of a unit"),
                Text(
                    "Do corte de uma unidade de efeito até seus registros estarem confirmados, e "
                    "a de uma recuperação depois de uma troca de partições.",
                    "From the cut of a unit of effect to the acknowledgement of its records, and "
                    "of a recovery after partitions changed hands.",
                ),
                Place(0, 40, 8, 8),
                [
                    *((q, f"p{share * 100:.0f}") for share, q in ask.FLUSH_SECONDS),
                    (ask.RECOVERY_SECONDS, "recovery p95"),
                ],
                Unit.SECONDS,
            ),
            self._graph(
                55,
                Text("Mensagens postas de lado", "Messages put aside"),
                Text(
                    "Mensagens na fila de mortas, por motivo: cada uma é uma lacuna de cobertura.",
                    "Messages in the dead-letter topic, by reason: each is a coverage gap.",
                ),
                Place(8, 40, 8, 8),
                [(ask.DEAD, "{{reason}}")],
                Unit.PER_SECOND,
            ),
            self._graph(
                56,
                Text("Releituras da fonte", "Rewinds of the source"),
                Text(
                    "Vezes em que as partições da fonte foram lidas de novo, por motivo.",
                    "Times the source partitions were read again, by reason.",
                ),
                Place(16, 40, 8, 8),
                [(ask.REWINDS, "{{reason}}")],
                Unit.COUNT,
            ),
        ]

    def _clickhouse(self) -> list[dashboard.Panel]:
        return [
            self._graph(
                61,
                Text("Linhas gravadas por tabela", "Rows written by table"),
                Text(
                    "Linhas confirmadas pelo ClickHouse por segundo, por tabela.",
                    "Rows that ClickHouse acknowledged per second, by table.",
                ),
                Place(0, 49, 6, 8),
                [(ask.ROWS_WRITTEN, "{{table}}")],
                Unit.PER_SECOND,
            ),
            self._graph(
                62,
                Text("Duração das gravações: p95", "Duration of inserts: p95"),
                Text(
                    "Da primeira tentativa de uma gravação até sua confirmação, 95 % até aí, por "
                    "tabela.",
                    "From an insert's first attempt to its acknowledgement, 95 % by then, by "
                    "table.",
                ),
                Place(6, 49, 6, 8),
                [(ask.INSERT_SECONDS, "{{table}}")],
                Unit.SECONDS,
            ),
            self._graph(
                63,
                Text("Gravações repetidas e consultas com erro", "Retries and failed statements"),
                Text(
                    "Gravações tentadas de novo, e gravações e consultas que o ClickHouse "
                    "recusou, por segundo.",
                    "Inserts that were tried again, and inserts and reads that ClickHouse "
                    "refused, per second.",
                ),
                Place(12, 49, 6, 8),
                [
                    (ask.INSERT_RETRIES, "{{table}} {{reason}}"),
                    (ask.FAILED, "insert"),
                    (ask.FAILED_SELECTS, "select"),
                ],
                Unit.PER_SECOND,
            ),
            self._graph(
                64,
                Text("Partes e consultas", "Parts and reads"),
                Text(
                    "O maior número de partes de uma partição (alerta ClickHouseParts), e "
                    "consultas por segundo.",
                    "The highest number of parts of a partition (alert ClickHouseParts), and "
                    "reads per second.",
                ),
                Place(18, 49, 6, 8),
                [(ask.PARTS, "parts"), (ask.SELECTS, "reads/s")],
                Unit.COUNT,
            ),
        ]

    def _queues(self) -> list[dashboard.Panel]:
        queue = "{{tenant}} {{queue}}"
        return [
            self._graph(
                71,
                Text("Esperando: as 15 maiores filas", "Waiting: the 15 largest queues"),
                Text(
                    "Quem espera em cada fila, como o processamento o vê.",
                    "Callers who wait in each queue, as the streams see them.",
                ),
                Place(0, 58, 8, 8),
                [(ask.WAITING, queue)],
                Unit.COUNT,
            ),
            self._graph(
                72,
                Text("Maior espera: as 15 maiores filas", "Longest wait: the 15 longest"),
                Text(
                    "Há quanto tempo espera quem espera há mais tempo em cada fila.",
                    "How long the one has waited who has waited longest in each queue.",
                ),
                Place(8, 58, 8, 8),
                [(ask.LONGEST, queue)],
                Unit.SECONDS,
            ),
            self._graph(
                73,
                Text("Agentes livres: as 15 menores filas", "Available agents: the 15 fewest"),
                Text(
                    "Agentes a quem uma chamada da fila seria oferecida agora.",
                    "Agents who would be offered a call of the queue now.",
                ),
                Place(16, 58, 8, 8),
                [(ask.AVAILABLE, queue)],
                Unit.COUNT,
            ),
        ]
