"""One process measured: ``python -I -S measuring.py SECONDS LOG COMMAND ...`` prints JSON.

A process of its own, and a small one: Linux counts the memory of whoever starts a process as that
of the process until it has begun, so a large parent would hide the peak of a small contestant.
CPU seconds and peak are those of the command and all that it started and waited for.
"""

import contextlib
import json
import os
import signal
import sys
import time

LATE = 124
"""The code of a command that was stopped because it took too long, as `timeout` has it."""


def main() -> None:
    """Run the command and print what it took."""
    seconds, log, *command = sys.argv[1:]
    start = time.monotonic()
    child = os.fork()
    if not child:
        os.setsid()
        target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(target, 1)
        os.dup2(target, 2)
        os.environ.pop(
            "PYTHONDONTWRITEBYTECODE", None
        )  # else each start compiles all modules again
        os.execv(command[0], command)  # no shell is what is wanted
    late = False

    def stop(*_: object) -> None:
        nonlocal late
        late = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(int(seconds))
    _, status, used = os.wait4(child, 0)
    taken = {
        "code": LATE if late else os.waitstatus_to_exitcode(status),
        "cpu_s": used.ru_utime + used.ru_stime,
        "wall_s": time.monotonic() - start,
        "peak_mb": used.ru_maxrss / 1000,
        "load": os.getloadavg()[0],
    }
    sys.stdout.write(json.dumps(taken))


if __name__ == "__main__":
    main()
