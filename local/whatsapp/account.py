"""What a Helena account holds, and the events it posts about it. Made-up people only.

Sessions are kept as the API shows them; every change makes the event the platform would post.
Moments are ticks of 100 ns since the Unix epoch.
"""

import random
import uuid
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

TICKS_PER_S = 10_000_000

Content = dict[str, Any]
Event = dict[str, Any]
Clock = Callable[[], int]

_FORMS = ("{:07}Z", "{:07}", "{:07}0Z", "{:07}Z")
"""Of the decimals: seven, seven without a zone, eight."""


class HelenaAccount:
    """One account: departments, agents and sessions. `post` is called with each event."""

    def __init__(self, seed: int, clock: Clock, post: Callable[[Event], None]) -> None:
        """`clock` gives ticks; the same seed makes the same ids."""
        self._chance = random.Random(seed)  # noqa: S311 - made-up people
        self._clock = clock
        self._last = 0
        self._post = post
        self._company = self.new_id()
        self.sessions: dict[str, Content] = {}
        self.agents: dict[str, Content] = {}
        self.departments: dict[str, str] = {}

    def new_id(self) -> str:
        """An id that no other object has."""
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))

    def now(self) -> int:
        """This moment; never the same twice, as two changes never have one."""
        self._last = max(self._clock(), self._last + TICKS_PER_S // 1000)
        return self._last

    def told(self, moment: int) -> str:
        """The moment in one of the forms that the platform writes."""
        seconds, rest = divmod(moment, TICKS_PER_S)
        form = self._chance.choice(_FORMS)
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{form.format(rest)}"

    def add_department(self, name: str) -> str:
        """A department; its id."""
        department = self.new_id()
        self.departments[department] = name
        return department

    def add_agent(self, name: str, departments: Iterable[str]) -> str:
        """Somebody who answers; the id by which sessions know the person."""
        user = self.new_id()
        self.agents[user] = {
            "id": self.new_id(),
            "userId": user,
            "name": name,
            "email": "nobody@example.com",
            "availability": "UNAVAILABLE",
            "departments": [{"id": each} for each in departments],
        }
        return user

    def set_available(self, agent: str, *, is_available: bool) -> None:
        """The agent takes sessions, or takes none. No webhook tells it."""
        self.agents[agent]["availability"] = "AVAILABLE" if is_available else "UNAVAILABLE"

    # --- Sessions --------------------------------------------------------------------------------

    def open(self, customer: int, **content: Any) -> tuple[str, int]:
        """A session of a customer begins: SESSION_NEW. Its id and the moment."""
        session, at = self.new_id(), self.now()
        self.sessions[session] = {
            "id": session,
            "companyId": self._company,
            "createdAt": at,
            "updatedAt": at,
            "startAt": at,
            "endAt": None,
            "status": "PENDING",
            "type": "INDIVIDUAL",
            "channelType": "CLOUDAPI_WHATSAPP",
            "departmentId": None,
            "contactDetails": {
                "name": f"Cliente {customer}",
                "phonenumber": f"+55|119{customer:08}",
            },
            "userId": None,
            "agentDetails": None,
            "botId": None,
            "previousSessionId": None,
            "firstUserInteractionAt": None,
            "firstAgentMessageAt": None,
            "lastMessageText": "palavras que ninguém guarda",
            "windowStatus": "ACTIVE",
            "unreadCount": 1,
            "metadata": {},
            **content,
        }
        self._tell("SESSION_NEW", session)
        return session, at

    def change(self, session: str, **content: Any) -> int:
        """Something of a session changes: SESSION_UPDATE. The moment."""
        at = self._change(session, content)
        changes = [{"property": name, "currentValue": value} for name, value in content.items()]
        self._tell("SESSION_UPDATE", session, {"source": "USER", "changes": changes})
        return at

    def assign(self, session: str, agent: str) -> int:
        """A person takes the session. The moment."""
        first = self.sessions[session]["firstUserInteractionAt"]
        return self.change(
            session,
            status="IN_PROGRESS",
            userId=agent,
            agentDetails={"userId": agent, "name": self.agents[agent]["name"]},
            **({} if first else {"firstUserInteractionAt": self.now()}),
        )

    def complete(self, session: str) -> int:
        """The session is over: SESSION_COMPLETE. The moment of its end."""
        at = self.now()
        self._change(session, {"status": "COMPLETED", "endAt": at, "active": False})
        self._tell("SESSION_COMPLETE", session, {"source": "USER", "changes": {}})
        return at

    def message(
        self, session: str, *, is_from_us: bool, origin: str = "DEFAULT", agent: str | None = None
    ) -> int:
        """A message is written. The moment."""
        at, message = self.now(), self.new_id()
        content = {
            "id": message,
            "sessionId": session,
            "createdAt": at,
            "updatedAt": at,
            "timestamp": at,
            "type": "TEXT",
            "direction": "TO_HUB" if is_from_us else "FROM_HUB",
            "origin": origin,
            "status": "SENT" if is_from_us else "SAVED",
            "userId": agent,
            "text": "palavras que ninguém guarda",
        }
        of_session = self.sessions[session]
        if agent and not of_session["firstAgentMessageAt"]:
            of_session["firstAgentMessageAt"] = at
        self._send("MESSAGE_SENT" if is_from_us else "MESSAGE_RECEIVED", content)
        if is_from_us:
            self._send("MESSAGE_UPDATED", {**content, "status": "READ", "updatedAt": self.now()})
        return at

    def shown(self, session: Mapping[str, Any]) -> Content:
        """A session as the platform shows it, moments written."""
        department = session["departmentId"]
        details = {"name": self.departments[department]} if department else None
        return self._written({**deepcopy(dict(session)), "departmentDetails": details})

    def _change(self, session: str, content: Content) -> int:
        at = self.now()
        self.sessions[session].update({**content, "updatedAt": at})
        return at

    def _tell(self, name: str, session: str, changes: Content | None = None) -> None:
        self._send(name, self.shown(self.sessions[session]), changes)

    def _send(self, name: str, content: Content, changes: Content | None = None) -> None:
        event = {
            "eventType": name,
            "date": self.told(self.now()),
            "content": self._written(content),
        }
        self._post(event if changes is None else {**event, "changeMetadata": changes})

    def _written(self, content: Mapping[str, Any]) -> Content:
        return {
            name: self.told(value) if name in _MOMENTS and type(value) is int else value
            for name, value in content.items()
        }


_MOMENTS = frozenset(
    (
        "createdAt",
        "updatedAt",
        "startAt",
        "endAt",
        "timestamp",
        "firstUserInteractionAt",
        "firstAgentMessageAt",
    )
)
