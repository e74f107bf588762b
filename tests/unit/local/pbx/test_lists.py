"""List answers tell what is there at the moment they are asked for."""

from agent.ami.framing import Framer, FramingCounters, Packet
from local.pbx import lists
from local.pbx.call_centre import CallCentre
from local.pbx.dialect import DIALECTS
from tests.support.simulated_pbx import START_MS


def packets(data: bytes) -> list[Packet]:
    return list(Framer(FramingCounters()).feed(b"Asterisk Call Manager/7.0.3\r\n" + data))[1:]


def busy_centre(version: str = "18") -> CallCentre:
    centre = CallCentre(3, START_MS, dialect=DIALECTS[version])
    while not any(queue.waiting for queue in centre.floor.queues.values()):
        centre.run_next()
    return centre


def test_queue_status_lists_queues_agents_and_waiting_callers() -> None:
    centre = busy_centre()
    first, *items, last = packets(lists.queue_status(centre.floor, "7"))

    assert first.get("Message") == "Queue status will follow"
    assert last.first == ("Event", "QueueStatusComplete")
    assert last.get("ListItems") == str(len(items))
    assert {item.get("ActionID") for item in items} == {"7"}
    names = [item.first[1] for item in items]
    assert names.count("QueueParams") == 5
    assert names.count("QueueEntry") == 1
    members = [item for item in items if item.first[1] == "QueueMember"]
    assert {item.get("Status") for item in members} <= {"1", "2", "5", "6", "8"}
    waiting = next(item for item in items if item.first[1] == "QueueEntry")
    assert waiting.get("Uniqueid") == centre.truth.calls[-1].uniqueid


def test_an_old_asterisk_tells_less_of_its_members() -> None:
    (member, *_) = [
        item
        for item in packets(lists.queue_status(busy_centre("13").floor, "7"))
        if item.first[1] == "QueueMember"
    ]

    assert not member.values("LastPause")
    assert member.get("Location").startswith("SIP/")


def test_channels_tell_their_queue_and_how_long_they_exist() -> None:
    centre = busy_centre()
    centre.pass_time(centre.floor.now + 3_000)
    _, *items, last = packets(lists.channels(centre.floor, "8"))

    assert last.get("ListItems") == str(len(items)) == str(len(centre.floor.channels))
    waiting = [item for item in items if item.get("Application") == "Queue"]
    assert [item.get("ApplicationData").split(",")[0] for item in waiting] == [
        queue.name for queue in centre.floor.queues.values() if queue.waiting
    ]
    assert all(item.get("Duration").count(":") == 2 for item in items)


def test_the_configuration_tells_the_wrap_up_of_each_queue() -> None:
    (answer,) = packets(lists.queue_config(busy_centre().floor, "9"))

    assert answer.get("Category-000001") == "suporte"
    assert "wrapuptime=6" in answer.values("Line-000001-000003")
