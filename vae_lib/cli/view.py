"""``python -m vae_lib view``: a saved model in the browser, without a notebook."""

from __future__ import annotations

import argparse
import contextlib
import sys
import webbrowser
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

from vae_lib import pretrained
from vae_lib.cli import shared

if TYPE_CHECKING:
    from vae_lib.widgets.base import BookWidget

SUMMARY: Final = "open a saved model's map in the browser"
HELP: Final = """\
Open a model in the browser: a map where it has two latents, a slider for each where it has more, and one slider
through the models of a series. The page comes from this machine and speaks to no other; Ctrl-C ends it.

Examples:
  python -m vae_lib view digits-2
  python -m vae_lib view my-model --port 8080 --no-browser
"""
ADDRESS: Final = "127.0.0.1"


def options(command: argparse.ArgumentParser) -> None:
    """What the command takes."""
    shipped = ", ".join((*pretrained.names(), *pretrained.series_names()))
    command.add_argument("model", help=f"a path, or a model that ships: {shipped}")
    command.add_argument("--port", type=int, default=0, help="of the page's address (default: one that is free)")
    command.add_argument("--no-browser", action="store_true", help="say the address, and open no browser")


def widget_of(name: str) -> BookWidget:
    """What shows a saved model: by how many latents it has, or as a series."""
    from vae_lib.widgets import LatentExplorer, LatentSliders, SeriesExplorer

    described = pretrained.record(name)
    if "over" in described:
        return SeriesExplorer(name)
    latents = pretrained.load(name).latent_dim
    if latents == 1:
        raise ValueError(f"{name} has one latent, and a map has two; train with --latent-dim 2 or more")
    return LatentExplorer(name) if latents == 2 else LatentSliders(name)


def run(options: argparse.Namespace, command_line: Sequence[str]) -> None:
    """Serve the page until Ctrl-C."""
    from vae_lib.widgets.host import HOST, page

    if not 0 <= options.port < 2**16:
        raise ValueError(f"--port must lie from 0 to 65535, got {options.port}")
    files = {
        "/": ("text/html; charset=utf-8", page(f"The latent space of {options.model}", widget_of(options.model))),
        f"/{HOST.name}": ("text/javascript; charset=utf-8", HOST.read_text(encoding="utf-8")),
    }
    try:
        server = _Server((ADDRESS, options.port), _handler(files))
    except OSError as error:
        raise ValueError(f"--port {options.port} cannot be used ({error.strerror}); leave it out") from None
    with server:
        address = f"http://{ADDRESS}:{server.server_port}/"
        shared.say(f"{options.model}: {address}  (Ctrl-C ends it)")
        if not options.no_browser:
            webbrowser.open(address)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that breaks off, by a reload or a closed tab, is nothing to complain of."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _handler(files: dict[str, tuple[str, str]]) -> type[BaseHTTPRequestHandler]:
    """What answers for these files, by their kind and text, and for no other."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, text = files.get(self.path.partition("?")[0], ("", ""))
            if not kind:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            content = text.encode()
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: object) -> None:
            """Each answer would be a line on standard error."""

    return Handler
