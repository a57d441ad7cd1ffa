"""Programs in processes of their own that have torch from the start: its import takes a second.

On Linux, a server imports torch once and forks for each program. All else of a program is as if
Python had started it: words, folder, variables, streams, session, signals, its end and its status.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from functools import cache

SERVED = sys.platform == "linux"
SIZE = 1 << 20  # bytes of the largest request


@cache
def server() -> socket.socket:
    """Return where the server of this process takes requests; it is started if need be."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = subprocess.Popen(
        [sys.executable, __file__, str(theirs.fileno())],
        stdin=subprocess.DEVNULL,
        pass_fds=[theirs.fileno()],
        env={"OPENBLAS_NUM_THREADS": "1", **os.environ},  # only one thread comes through a fork
        start_new_session=True,  # a terminal's Ctrl-C is not for it
    )
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


class Program(subprocess.Popen):
    """Like Popen of [sys.executable, *words], where words begin with -m, -c or a path.

    `megabytes` bounds the address space. Where there is no server, Python starts the program.
    """

    def __init__(self, *words: str, megabytes: int = 0, **options: object) -> None:
        self.words, self.megabytes = list(words), megabytes
        if megabytes and not SERVED:
            options["preexec_fn"] = lambda: bound_memory(megabytes)
        super().__init__([sys.executable, *words], **options)

    def __exit__(self, kind: type | None, *rest: object) -> None:
        """Wait for the program's end, as Popen does; a test that has failed kills it first."""
        if kind:
            self.kill()
        super().__exit__(kind, *rest)

    if SERVED:

        def _execute_child(self, *values: object, **others: object) -> None:
            """Let the server fork, and take over the number of the process.

            The names are those of Popen; its parameters have been the same since Python 3.9.
            """
            folder, environment, ends, session = values[5], values[6], values[10:16], values[21]
            request = {
                "words": self.words,
                "folder": os.path.abspath(folder or os.getcwd()),
                "environment": dict(os.environ if environment is None else environment),
                "session": session,
                "megabytes": self.megabytes,
            }
            given = (ends[0], ends[3], ends[5])  # what the program reads, and writes
            streams = [own if end == -1 else end for own, end in enumerate(given)]
            self.answers, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            content = json.dumps(request).encode()
            socket.send_fds(server(), [content], [*streams, theirs.fileno()])
            theirs.close()
            self._close_pipe_fds(*ends)
            self.pid = int(self.answers.recv(32))
            self._child_created = True

        def _wait(self, timeout: float | None) -> int:
            if self.returncode is None:
                if not select.select([self.answers], [], [], timeout)[0]:
                    raise subprocess.TimeoutExpired(self.args, timeout or 0)
                self.returncode = int(self.answers.recv(32) or b"-9")
                self.answers.close()
            return self.returncode

        def _internal_poll(self, **_: object) -> int | None:
            try:
                return self._wait(0)
            except (AttributeError, subprocess.TimeoutExpired):
                return None


def run(
    *words: str, input: str | None = None, timeout: float | None = None, **options: object
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; its texts are taken unless `options` say where they go."""
    streams = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
    streams |= {} if input is None else {"stdin": subprocess.PIPE}
    with Program(*words, **{"text": True, **streams, **options}) as program:
        try:
            out, err = program.communicate(input, timeout)
        except BaseException:
            program.kill()
            raise
    return subprocess.CompletedProcess(program.args, program.returncode, out, err)


# The server


def bound_memory(megabytes: int) -> None:
    """Bound the address space of this process."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))


def serve(requests: socket.socket) -> None:
    """Fork for each request; return in the processes of programs, and where no more will come."""
    while True:
        content, ends, *_ = socket.recv_fds(requests, SIZE, 4)
        if not content:
            return
        if not os.fork():
            requests.close()
            watch(content, ends)
            return
        for end in ends:
            os.close(end)
        reap()


def reap() -> None:
    """Take the statuses of those processes of the server that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def watch(content: bytes, ends: list[int]) -> None:
    """Fork a program, answer its number and its status, and exit; return in the program."""
    answers = socket.socket(fileno=ends.pop())
    program = os.fork()
    if not program:
        answers.close()
        start(json.loads(content), ends)
        return
    for end in ends:
        os.close(end)
    answers.send(str(program).encode())
    _, status = os.waitpid(program, 0)
    answers.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def start(request: dict, ends: list[int]) -> None:
    """Make this process what is asked for, and run the program.

    Signals have their effect though the tests may run in the background, where some are ignored.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    if request["session"]:
        os.setsid()
    for own, end in enumerate(ends):
        os.dup2(end, own)
        os.close(end)
    sys.stdout.reconfigure(line_buffering=os.isatty(1))
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    if threads := os.environ.get("OMP_NUM_THREADS"):
        sys.modules["torch"].set_num_threads(int(threads))
    if request["megabytes"]:
        bound_memory(request["megabytes"])
    run_words(request["words"])
    threading._shutdown()  # as at any end: it waits for threads
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)  # torch's memory is not taken apart, which takes a quarter of a second


def run_words(words: list[str]) -> None:
    """Run a program as Python runs it that is called with these words."""
    kind, *rest = words
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    first = os.getcwd() if kind in ("-m", "-c") else os.path.dirname(os.path.abspath(kind))
    sys.path[:1] = [first, *filter(None, paths)]  # the first was the folder of this file
    if kind == "-m":
        sys.argv[:] = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif kind == "-c":
        sys.argv[:] = ["-c", *rest[1:]]
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv[:] = words
        runpy.run_path(kind, run_name="__main__")


if __name__ == "__main__":
    import cv2  # noqa: F401
    import torch  # noqa: F401  # what all this is for

    gc.collect()
    gc.freeze()
    serve(socket.socket(fileno=int(sys.argv[1])))
