"""Where clicks lead: to a page as it is, or to it with the clicked queue or agent alone."""

from grafana.board import link_to
from grafana.fields import Link
from grafana.language import Text

TO_QUEUES = Link(Text("Abrir Filas", "Open Queues"), link_to("cc-queues"))
TO_AGENTS = Link(Text("Abrir Agentes", "Open Agents"), link_to("cc-agents"))
TO_ABANDONED = Link(Text("Ver quem abandonou", "See who abandoned"), link_to("cc-abandoned"))
TO_QUEUE = Link(Text("Abrir a fila", "Open the queue"), link_to("cc-queues", "queue=queue"))
TO_AGENT = Link(Text("Abrir o agente", "Open the agent"), link_to("cc-agents", "agent=agent"))
TO_CHANNEL = Link(Text("Abrir Filas", "Open Queues"), link_to("cc-queues", "channel=channel"))
