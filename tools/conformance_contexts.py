"""Where does the suite get its @contexts without the internet? From a folder, served on the loopback address."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class _Documents(SimpleHTTPRequestHandler):
    """Files of a folder, with the media type of JSON-LD, without a word in the log."""

    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".jsonld": "application/ld+json"}  # noqa: RUF012

    def log_message(self, format: str, *words: Any) -> None:
        """Say nothing: a run asks thousands of times."""


@contextmanager
def serve_contexts(folder: Path | None, port: int) -> Iterator[None]:
    """Serve the folder while the block runs; without a folder, somebody else does."""
    if folder is None:
        yield
        return
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Documents, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
