"""Somebody's notebook server: it listens on every address and asks nobody for a token, as Jupyter does when told to.

    jupyter-notebook --ip=0.0.0.0 --NotebookApp.token=

The posture agent knows Jupyter by the name of its script, so a link of that name leads here.
"""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Final

PORT: Final = 8888


class _Contents(BaseHTTPRequestHandler):
    """Its files, for whoever asks."""

    def do_GET(self) -> None:
        body = b'{"content": [{"name": "weights.ipynb", "type": "notebook"}]}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve until ended."""
    with HTTPServer(("0.0.0.0", PORT), _Contents) as server:  # noqa: S104  (that is what is wrong with it)
        print("serving", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
