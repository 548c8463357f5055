"""The command line, ``python -m vae_lib``: one module for each command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from vae_lib.cli import evaluate, reproduce, series, train

COMMANDS = {"train": train, "series": series, "reproduce": reproduce, "evaluate": evaluate}


def parser() -> argparse.ArgumentParser:
    """The command line, with help that says what each setting means."""
    top = argparse.ArgumentParser(
        prog="python -m vae_lib", description="Train and measure variational autoencoders.", allow_abbrev=False
    )
    commands = top.add_subparsers(dest="command", required=True, metavar=f"{{{','.join(COMMANDS)}}}")
    style = argparse.RawDescriptionHelpFormatter
    for name, module in COMMANDS.items():
        module.options(commands.add_parser(name, help=module.SUMMARY, description=module.HELP, formatter_class=style))
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 on success, 2 with one line on standard error if something is wrong."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    options = parser().parse_args(arguments)
    try:
        COMMANDS[options.command].run(options, arguments)
    except (ValueError, OSError, RuntimeError, FloatingPointError) as error:
        print(f"vae_lib: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(f"vae_lib: stopped; {str(stop) or 'nothing was saved'}", file=sys.stderr)
        return 130
    return 0
