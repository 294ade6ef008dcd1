"""The child process of `serve`: reads what to serve from its input, says where, ends with it.

The input stays open as long as the parent lives.  So this process never outlives the parent, even
one that was killed.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
import threading

import uvicorn

from supamig.testing.services.assembly import assemble
from supamig.testing.services.gotrue.environment import Misconfigured
from supamig.testing.services.wanted import Wanted

_HOST = "127.0.0.1"


def main() -> None:
    """Serve until the input ends."""
    wanted = Wanted(**json.loads(sys.stdin.readline()))
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    listener = socket.create_server((_HOST, wanted.port))
    scheme = "https" if wanted.certificate else "http"
    url = f"{scheme}://{_HOST}:{listener.getsockname()[1]}"
    try:
        application, keys = assemble(wanted, url)
    except Misconfigured as error:
        sys.stdout.write(json.dumps({"error": error.message}) + "\n")
        sys.exit(error.status)
    config = uvicorn.Config(
        application,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=1,
        ws="none",
        ssl_certfile=wanted.certificate or None,
    )
    said = {"url": url, "anon": keys.anon, "service_role": keys.service_role}
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    uvicorn.Server(config).run(sockets=[listener])


def _end_with_the_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
