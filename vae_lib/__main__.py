"""``python -m vae_lib``: see ``vae_lib.cli``."""

import sys

import torch

from vae_lib.cli import main

if __name__ == "__main__":
    # Adam's state decays into denormal numbers, which are slow; this has to come before torch starts its threads.
    torch.set_flush_denormal(True)
    sys.exit(main())
