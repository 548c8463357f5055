"""``python -m vae_lib``: see ``vae_lib.cli``."""

import os
import signal
import sys


def _stop(*_: object) -> None:
    os.write(2, b"vae_lib: stopped; nothing was saved\n")
    os._exit(130)


if __name__ == "__main__":
    # The imports take seconds, and an exception within them would be a traceback. What is ignored stays ignored.
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    heard = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}
    for number in heard:
        signal.signal(number, _stop)
    import torch

    from vae_lib.cli import main

    for number, handler in heard.items():
        signal.signal(number, handler)
    # Adam's state decays into denormal numbers, which are slow; this has to come before torch starts its threads.
    torch.set_flush_denormal(True)
    code = main()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is said; nothing is left to stop
    sys.exit(code)
