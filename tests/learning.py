"""What pages train and estimate, written with PyTorch alone: for tests of modules, and of widgets in a browser."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.distributions import Normal

from vae_lib import data
from vae_lib.model import VAE

GAUSSIANS: list[tuple[tuple[float, float], tuple[float, float]]] = [
    ((1.0, 0.5), (0.0, 1.0)),
    ((0.0, 1.0), (0.0, 1.0)),
    ((0.3, 1.0), (0.3, 1.05)),
    ((0.0, 1.0), (1e-4, 1.0)),
    ((-4.0, 4.0), (4.0, 0.1)),
    ((4.0, 0.1), (-4.0, 4.0)),
    ((4.0, 0.1), (3.9, 0.1)),
    ((-4.0, 0.1), (4.0, 0.1)),
    ((4.0, 4.0), (-4.0, 4.0)),
    ((-1.35, 0.85), (2.2, 1.7)),
    ((0.0, 2.0), (0.0, 0.5)),
    ((2.5, 0.35), (-0.75, 3.15)),
]
"""Two each, by mean and standard deviation: near and far, narrow and wide, and to the ends of the sliders."""

PLAIN: dict[str, Any] = {
    "lr": 0.01,
    "beta": 1.0,
    "sigma": 0.16,
    "sample": True,
    "kl": True,
    "gradient": "pathwise",
    "mistake": "none",
}
SETTINGS: dict[str, dict[str, Any]] = {
    "pathwise": {},
    "beta and sigma": {"beta": 4.0, "sigma": 0.3},
    "no KL": {"kl": False},
    "no draw": {"sample": False},
    "autoencoder": {"sample": False, "kl": False},
    "score function": {"gradient": "score"},
    "score function of nothing": {"gradient": "score", "sample": False},
    "mean over pixels": {"mistake": "mean"},
    "wrong sign": {"mistake": "sign", "beta": 2.0},
    "cut off": {"mistake": "detached"},
    "cut off, no draw": {"mistake": "detached", "sample": False},
    "mean by score": {"mistake": "mean", "gradient": "score"},
    "cut off, by score": {"mistake": "detached", "gradient": "score"},
}


def digits() -> Tensor:
    """All digits, float64 of shape (1797, 64)."""
    loaded = data.load("digits")
    return torch.cat([loaded.train, loaded.test]).double()


def double_model(parameters: np.ndarray | Tensor, hidden: int, sigma: float) -> tuple[VAE, list[Tensor]]:
    """A VAE in float64 with these weights, and the weights in their order."""
    vae = VAE(64, 2, (hidden,), sigma=sigma).double()
    vae.log_sigma.data = torch.tensor(sigma, dtype=torch.float64).log()
    weights = [
        w for net in (vae.encoder.net, vae.decoder.net) for m in net if isinstance(m, nn.Linear) for w in m.parameters()
    ]
    values = torch.as_tensor(np.asarray(parameters), dtype=torch.float64)
    with torch.no_grad():
        for weight, part in zip(weights, values.split([w.numel() for w in weights]), strict=True):
            weight.copy_(part.view_as(weight))
    return vae, weights


def loss_of(vae: VAE, x: Tensor, noise: Tensor, s: dict[str, Any]) -> tuple[Tensor, Tensor, Tensor]:
    """What the page says that it trains, written with PyTorch alone: the loss, and both terms of each picture."""
    q = vae.encode(x)
    z = q.mean + torch.exp(0.5 * q.log_var) * noise if s["sample"] else q.mean
    kl = torch.distributions.kl_divergence(
        torch.distributions.Normal(q.mean, torch.exp(0.5 * q.log_var)), torch.distributions.Normal(0.0, 1.0)
    ).sum(1)
    score = s["sample"] and s["gradient"] == "score"
    heard = z.detach() if score or s["mistake"] == "detached" else z
    reconstruction = torch.distributions.Normal(vae.decode(heard), s["sigma"]).log_prob(x).sum(1)
    weighed = reconstruction / 64 if s["mistake"] == "mean" else reconstruction
    loss = (s["beta"] * s["kl"] * (-1 if s["mistake"] == "sign" else 1) * kl - weighed).mean()
    if score:
        log_q = torch.distributions.Normal(q.mean, torch.exp(0.5 * q.log_var)).log_prob(z.detach()).sum(1)
        surrogate = (weighed.detach() * log_q).mean()
        loss = loss - (surrogate - surrogate.detach())
    return loss, reconstruction, kl


def by_autograd(noise: np.ndarray, mu: float, sigma: float, wrt: str) -> dict[str, np.ndarray]:
    """Both estimates for each ε by PyTorch's derivatives: of log Q at a z that is cut off, and of g along the path."""
    e = torch.from_numpy(noise)
    theta = {"mu": torch.full_like(e, mu, requires_grad=True), "sigma": torch.full_like(e, sigma, requires_grad=True)}
    path = theta["mu"] + theta["sigma"] * e
    z = path.detach()
    (score,) = torch.autograd.grad(Normal(theta["mu"], theta["sigma"]).log_prob(z).sum(), theta[wrt])
    (pathwise,) = torch.autograd.grad((path**2).sum(), theta[wrt])
    return {"score": (z**2 * score).numpy(), "pathwise": pathwise.numpy()}
