"""The newest frame is for all; of texts, a client that keeps up misses none."""

from __future__ import annotations

import threading

from serving_clients import frame

from pydarknet.serving.frames import KEPT, Hub


def filled(count: int) -> Hub:
    hub = Hub()
    for number in range(1, count + 1):
        hub.publish(frame(number))
    return hub


def numbers_after(hub: Hub, seen: int) -> list[str]:
    return [text.split(",")[0] for text in hub.texts_after(seen)[1]]


def test_the_newest_frame_is_the_only_one() -> None:
    count, shown = filled(3).after(0)

    assert count == 3
    assert shown is not None
    assert shown.number == 3


def test_who_has_seen_the_newest_gets_none() -> None:
    assert filled(3).after(3) == (3, None)
    assert filled(3).texts_after(3) == (3, [])


def test_texts_come_in_order() -> None:
    assert numbers_after(filled(5), 2) == ['{"frame_id": 3', '{"frame_id": 4', '{"frame_id": 5']


def test_who_is_too_late_gets_the_newest_text_alone() -> None:
    hub = filled(KEPT + 10)

    assert len(numbers_after(hub, 10)) == KEPT
    assert numbers_after(hub, 9) == [f'{{"frame_id": {KEPT + 10}']


def test_after_the_end_nothing_is_published() -> None:
    hub = filled(1)
    hub.close()

    hub.publish(frame(2))

    assert hub.count == 1


def test_listeners_hear_every_change_until_they_leave() -> None:
    hub, heard = Hub(), []

    def listener() -> None:
        heard.append(hub.count)

    hub.listen(listener)
    hub.publish(frame(1))
    hub.close()
    hub.leave(listener)
    hub.close()

    assert heard == [1, 1]


def test_a_thread_waits_for_the_next_frame_or_the_end() -> None:
    hub, got = filled(1), []

    thread = threading.Thread(target=lambda: got.extend([hub.wait(1), hub.wait(2)]))
    thread.start()
    hub.publish(frame(2))
    hub.close()
    thread.join(5)

    assert got[0][0] == 2
    assert got[1] == (2, None)
