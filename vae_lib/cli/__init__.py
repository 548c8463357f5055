"""The command line, ``python -m vae_lib``: one module for each command.

It ends with 0; with 1 where something stopped it; with 2 where it was asked for what cannot be; with 130 after Ctrl-C,
SIGTERM or SIGHUP. What is wrong is said in one sentence on standard error, without a traceback.
"""

from __future__ import annotations

import argparse
import io
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from vae_lib.cli import evaluate, reproduce, series, train, view
from vae_lib.cli.shared import complain, say
from vae_lib.runs.interrupt import stop

COMMANDS = {"train": train, "series": series, "reproduce": reproduce, "evaluate": evaluate, "view": view}


def parser() -> argparse.ArgumentParser:
    """The command line, with help that says what each setting means."""
    top = argparse.ArgumentParser(
        prog="python -m vae_lib", description="Train, measure and show variational autoencoders.", allow_abbrev=False
    )
    commands = top.add_subparsers(dest="command", required=True, metavar=f"{{{','.join(COMMANDS)}}}")
    look: dict[str, Any] = {"formatter_class": argparse.RawDescriptionHelpFormatter, "allow_abbrev": False}
    for name, module in COMMANDS.items():
        module.options(commands.add_parser(name, help=module.SUMMARY, description=module.HELP, **look))
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; see the module for what it returns."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    sys.stdout, sys.stderr = sys.stdout or io.StringIO(), sys.stderr or io.StringIO()  # None where it was closed
    try:
        with _as_ctrl_c(), warnings.catch_warnings():
            options = parser().parse_args(arguments)
            warnings.showwarning = lambda message, *_args, **_more: complain(f"note: {message}")
            warnings.simplefilter("always", UserWarning)
            warnings.filterwarnings("ignore", message="training was stopped")  # the command says so itself
            COMMANDS[options.command].run(options, arguments)
    except (ValueError, TypeError, OSError, OverflowError) as error:
        complain(_one_line(error))
        return 2
    except (RuntimeError, FloatingPointError, MemoryError, ImportError) as error:
        complain(_one_line(error) or "the memory is full")
        return 1
    except KeyboardInterrupt as stopped:
        complain(f"stopped; {str(stopped) or 'nothing was saved'}")
        return 130
    say("")  # what standard output still holds goes out, or is given up
    return 0


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


@contextmanager
def _as_ctrl_c() -> Iterator[None]:
    """Within it SIGTERM and SIGHUP end a command as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in (getattr(signal, name) for name in names)}
    before = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}  # as by nohup
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
