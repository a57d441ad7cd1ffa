"""Where frames are published, and from where any number of clients take the newest."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Condition

from .shown import Shown

KEPT = 64  # texts that are kept for clients which read a little later


class Hub:
    """The newest frame. Who publishes waits for nobody; who comes late gets the newest.

    Of JSON texts, the last KEPT stay, so that a client that keeps up misses none.
    """

    def __init__(self) -> None:
        self.changed = Condition()
        self.count = 0  # of frames so far
        self.newest: Shown | None = None
        self.closed = False
        self.texts: deque[str] = deque(maxlen=KEPT)
        self.listeners: set[Callable[[], None]] = set()

    def publish(self, shown: Shown) -> None:
        """Show a frame to all clients; after `close`, to none."""
        with self.changed:
            if self.closed:
                return
            self.newest = shown
            self.count += 1
            self.texts.append(shown.text)
        self.tell()

    def close(self) -> None:
        """Let clients have what is left, and then their end."""
        with self.changed:
            self.closed = True
        self.tell()

    def tell(self) -> None:
        """Wake those who wait for a change."""
        with self.changed:
            self.changed.notify_all()
            listeners = tuple(self.listeners)
        for listener in listeners:
            listener()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener`, which must not wait, after every change from now on, in any thread."""
        with self.changed:
            self.listeners.add(listener)

    def leave(self, listener: Callable[[], None]) -> None:
        """Call a listener no longer."""
        with self.changed:
            self.listeners.discard(listener)

    def after(self, seen: int) -> tuple[int, Shown | None]:
        """Return how many frames there were, and the newest, None if `seen` frames are all."""
        with self.changed:
            return self.count, self.newest if self.count > seen else None

    def texts_after(self, seen: int) -> tuple[int, list[str]]:
        """Return how many frames there were, and the texts of those after `seen` frames.

        Who is more than KEPT texts behind gets the newest alone.
        """
        with self.changed:
            missed = self.count - seen
            last = missed if missed <= len(self.texts) else 1
            return self.count, list(self.texts)[len(self.texts) - last :]

    def wait(self, seen: int) -> tuple[int, Shown | None]:
        """Wait until there were more than `seen` frames, and return as `after`; None at the end."""
        with self.changed:
            self.changed.wait_for(lambda: self.closed or self.count > seen)
            return self.after(seen)
