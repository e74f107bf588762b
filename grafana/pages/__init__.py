"""The pages, one module each; `grafana.files` makes files of them.

Those of `CUSTOMER_PAGES` are the same in every organisation. `OPERATOR_PAGES` show the whole
platform, all customers together, and are for the operator's own organisation alone.
"""

from collections.abc import Callable

from grafana.board import Page
from grafana.language import Language
from grafana.pages import abandonadas, agentes, agora, canais, filas, plataforma

PageMaker = Callable[[Language], Page]

CUSTOMER_PAGES: tuple[PageMaker, ...] = (
    agora.page,
    filas.page,
    agentes.page,
    canais.page,
    abandonadas.page,
)
OPERATOR_PAGES: tuple[PageMaker, ...] = (plataforma.page,)
