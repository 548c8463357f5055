"""Two ways to find σ of P(X|z): in closed form from each batch, and one σ for each pixel."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vae_lib.distributions import LOG_2PI
from vae_lib.model import VAE, Autoencoder, Terms


def optimal_sigma_elbo(model: VAE | Autoencoder, x: Tensor, generator: torch.Generator) -> tuple[Tensor, Terms]:
    """The ELBO with the best σ for the batch, an objective for ``training.fit``.

    For given pictures f(z) the best σ² is the mean squared error M over batch and pixels, and with it the
    reconstruction of an example is −½ (its squared error / M + D log M + D log 2π). Averaged over the batch that is
    −½ D (1 + log M + log 2π): the error stands inside a logarithm, and no σ is left to choose.

    The model's own ``log_sigma`` is set to the batch's ½ log M, so that it ends at that of the last batch.

    Args:
        model: a VAE with the Gaussian likelihood.
        x: shape ``(batch, data_dim)``.
        generator: the source of ε.

    Returns:
        The ELBO, shape ``(batch,)``, and both terms.

    Source: Rybkin et al. 2021, their optimal σ-VAE.
    """
    if not isinstance(model, VAE) or model.likelihood != "gaussian":
        raise TypeError(f"the best sigma needs a VAE with the Gaussian likelihood, got {type(model).__name__}")
    q = model.encode(x)
    squares = (x - model.decode(q.rsample(generator=generator))) ** 2  # (batch, data_dim)
    log_var = squares.mean().log()
    model.log_sigma.data.copy_(log_var.detach() / 2)
    terms = Terms(-0.5 * (squares * torch.exp(-log_var) + log_var + LOG_2PI).sum(1), q.kl())
    return terms.elbo, terms


class PixelSigmaVAE(VAE):
    """A VAE with one σ for each pixel, learned: P(X|z) = N(f(z), diag(σ_1², …, σ_D²)).

    ``log_sigma`` has shape ``(data_dim,)``, and ``sigma`` is the geometric mean of the σ, which is what their part of
    the normalizing constant depends on.

    Args:
        data_dim, latent_dim, hidden: as in ``VAE``.
        sigma: where every σ starts.
    """

    def __init__(
        self, data_dim: int, latent_dim: int, hidden: tuple[int, ...] = (256, 128), *, sigma: float = 0.25
    ) -> None:
        super().__init__(data_dim, latent_dim, hidden, sigma=sigma, learn_sigma=True)
        self.log_sigma = nn.Parameter(self.log_sigma.detach().expand(data_dim).clone())

    @property
    def sigma(self) -> float:
        """The geometric mean of the pixels' σ, in units of brightness."""
        return float(self.log_sigma.detach().mean().exp())
