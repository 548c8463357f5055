"""What several tests share: a small trained model, the digits, and settings that make every run the same."""

from __future__ import annotations

import signal

import hypothesis
import pytest
import threadpoolctl
import torch

from vae_lib import data, training
from vae_lib.model import VAE

# The same examples in every run and on every machine; no time limit, because machines differ.
hypothesis.settings.register_profile("book", derandomize=True, deadline=None, max_examples=60, database=None)
hypothesis.settings.load_profile("book")

# A shell has Ctrl-C ignored by what it starts in the background, and the tests press it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# pytest-xdist starts one process for each core; a second thread in each would only get in the way.
torch.set_num_threads(1)
threadpoolctl.threadpool_limits(1)


@pytest.fixture(scope="session")
def digits() -> data.Dataset:
    return data.load("digits")


def _trained(digits: data.Dataset, latent_dim: int) -> VAE:
    torch.manual_seed(0)
    model = VAE(64, latent_dim, (32, 16), sigma=0.25)
    training.fit(model, digits.train[:640], epochs=12, batch_size=32, lr=4e-3, progress=False)
    return model


@pytest.fixture(scope="session")
def small_vae(digits: data.Dataset) -> VAE:
    """Two latents, trained for a second: far from converged, far from random."""
    return _trained(digits, 2)


@pytest.fixture(scope="session")
def narrow_vae(digits: data.Dataset) -> VAE:
    """The same with one latent, so that scipy.integrate.quad can do Eq. (1)."""
    return _trained(digits, 1)
