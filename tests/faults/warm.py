"""A process that has imported everything and forks a child for every run: a night costs a second
instead of four.

    python -m tests.faults.warm

Reads a request a line on stdin, as JSON, and answers each with a line on stdout. `words` (of the
command) with `environment`, `printed` and `told` (files for stdout and stderr), `fault` and `trace`
(see `points.Watch`) starts a child in a session of its own and gives its `pid`; `wait` with a pid
gives its exit code, negative for a signal. A child that got SIGKILL is as dead as any process;
there is nothing that its parent would do for it.
"""

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from sqlalchemy.dialects.postgresql import psycopg as _dialect  # noqa: F401

from dunning import cli
from dunning.jobs.nightly import night  # noqa: F401
from dunning.jobs.queries import explain  # noqa: F401
from tests.faults.points import Fault, Watch


def main() -> None:
    """Serve until stdin ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        answer = _wait(request["wait"]) if "wait" in request else _fork(request)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _wait(pid: int) -> dict[str, int]:
    _, status = os.waitpid(pid, 0)
    return {"code": os.waitstatus_to_exitcode(status)}


def _fork(request: dict[str, Any]) -> dict[str, int]:
    pid = os.fork()
    if pid:
        return {"pid": pid}
    code = 1
    try:
        _become(request)
        code = cli.main(request["words"])
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os._exit(code)


def _become(request: dict[str, Any]) -> None:
    """Be a process of its own: session, environment, streams, and the watch over its points."""
    os.setsid()
    os.environ.update(request["environment"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for descriptor, path in ((1, request["printed"]), (2, request["told"])):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), descriptor)
    fault = Fault(**request["fault"]) if request.get("fault") else None
    Watch(fault, Path(request["trace"]) if request.get("trace") else None).install()


if __name__ == "__main__":
    main()
