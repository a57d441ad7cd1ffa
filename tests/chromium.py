"""Chromium without a window, driven over a pipe by its DevTools protocol: no driver is needed."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)


def find_chromium() -> str | None:
    """Return the program, where it is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    """One page of a browser whose profile lies in a new folder."""

    def __init__(self, profile: Path) -> None:
        program = find_chromium()
        assert program
        theirs, self.ours = os.pipe()
        self.theirs, writes = os.pipe()
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (theirs, writes)]
        self.process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: [os.dup2(end, 3 + i) for i, end in enumerate(ends)],
            pass_fds=(3, 4),
        )
        for end in (theirs, writes, *ends):
            os.close(end)
        self.count, self.rest, self.session = 0, b"", ""
        self.problems: list[str] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)

    def ask(self, method: str, **parameters: Any) -> Any:
        """Send a command, and return its result."""
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.ours, json.dumps(message).encode() + b"\0")
        while True:
            told = self.next_message()
            self.note_problem(told)
            if told.get("id") == self.count:
                assert "error" not in told, told
                return told["result"]

    def next_message(self) -> Any:
        """Return the next message of the browser."""
        while b"\0" not in self.rest:
            part = os.read(self.theirs, 1 << 20)
            assert part, "the browser has ended"
            self.rest += part
        message, _, self.rest = self.rest.partition(b"\0")
        return json.loads(message)

    def note_problem(self, told: Any) -> None:
        """Keep what the page did wrong: exceptions, and what its policy forbids."""
        if told.get("method") == "Runtime.exceptionThrown":
            self.problems.append(json.dumps(told["params"]))
        if told.get("method") == "Log.entryAdded" and told["params"]["entry"]["level"] == "error":
            self.problems.append(told["params"]["entry"]["text"])

    def open(self, url: str) -> None:
        """Open a page."""
        self.ask("Page.navigate", url=url)

    def value(self, expression: str) -> Any:
        """Return the value of an expression in the page, of a promise what it becomes."""
        told = self.ask(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def until(self, expression: str, seconds: float = 15) -> Any:
        """Return the value of an expression as soon as it is true."""
        end = time.monotonic() + seconds
        while not (value := self.value(expression)):
            assert time.monotonic() < end, f"{expression} is {value!r}"
            time.sleep(0.05)
        return value

    def resize(self, width: int, height: int, *, phone: bool = False, dark: bool = False) -> None:
        """Give the page a size, and the colours that its user prefers."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self, whole: bool = False) -> bytes:
        """Return the page as a PNG file; the `whole` page, or what fits into the window."""
        told = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(told["data"])
