"""``symchiral serve``: a web page on this machine that makes reports of the files dropped on it."""

from __future__ import annotations

import argparse

from symchiral.cli.limits import add_limits, limits_of, size
from symchiral.cli.printing import write

SUMMARY = "serve a web page on this machine: drop a structure or force data on it, get the report"
EXAMPLES = (
    "serve",
    "serve --port 8000 --no-browser --timeout 10min",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="where to listen (default: 127.0.0.1, which no other machine reaches)",
    )
    parser.add_argument(
        "--port", type=int, default=0, metavar="N", help="port (default: one that is free)"
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="print the address, and open no browser"
    )
    parser.add_argument(
        "--largest",
        type=size,
        metavar="200MB",
        help="size of all files of one crystal together (default: 200MB)",
    )
    add_limits(parser)
    parser.add_argument("--quiet", action="store_true", help="print the address alone")


def run(options: argparse.Namespace) -> None:
    """Serve until it is interrupted."""
    import signal
    import sys
    import threading
    import webbrowser

    from symchiral.children import Limits
    from symchiral.web.server import MOST_BYTES, Server

    most = MOST_BYTES if options.largest is None else int(options.largest)
    limits = Limits.of(*limits_of(options))
    server = Server(options.host, options.port, limits=limits, most_bytes=most)
    # Ended by a signal, it removes the reports, and a second signal does not stop it from that.
    ends = (signal.SIGTERM, signal.SIGINT)

    def end(number: int, frame: object) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    before = [signal.signal(number, end) for number in ends]
    try:
        if not options.quiet:
            write("The page, until this is ended with Ctrl-C:")
        write(server.address)
        sys.stdout.flush()
        if not server.loopback and not options.quiet:
            write(
                f"warning: other machines reach {options.host}. Whoever knows the address of the "
                "page may use it, and what is sent is not encrypted.",
                sys.stderr,
            )
        if not options.no_browser:
            webbrowser.open(server.address)
        server.serve_forever()
    finally:
        server.close()
        for number, handler in zip(ends, before, strict=True):
            signal.signal(number, handler)
