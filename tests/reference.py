"""The model and its integrals once more, in NumPy, written from the formulas and not from vae_lib."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special


def log_normal(x: Any, mean: Any, var: Any) -> np.ndarray:
    """log N(x | mean, diag(var)), summed over the last axis."""
    return (-0.5 * np.log(2 * np.pi * np.asarray(var)) - (x - mean) ** 2 / (2 * np.asarray(var))).sum(-1)


def standard_log_normal(z: np.ndarray) -> np.ndarray:
    return log_normal(z, 0.0, 1.0)


class Networks:
    """The two networks of a VAE or an autoencoder, read out of its weights, in float64.

    They are linear layers with x·sigmoid(x) between them.
    """

    def __init__(self, weights: dict[str, Any]) -> None:
        self._weights = {name: np.asarray(value, dtype=np.float64) for name, value in weights.items()}
        self.sigma = float(np.exp(self._weights["log_sigma"]))

    def _run(self, prefix: str, values: np.ndarray) -> np.ndarray:
        names = [name for name in self._weights if name.startswith(prefix) and name.endswith(".weight")]
        names.sort(key=lambda name: int(name.split(".")[-2]))
        for position, name in enumerate(names):
            values = values @ self._weights[name].T + self._weights[name.replace(".weight", ".bias")]
            if position < len(names) - 1:
                values = values * special.expit(values)
        return values

    def encode(self, x: Any) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of Q(z|X)."""
        mean, log_var = np.split(self._run("encoder.", np.asarray(x, dtype=np.float64)), 2, axis=-1)
        return mean, np.exp(log_var)

    def code(self, x: Any) -> np.ndarray:
        """What the encoder gives where it is that of a plain autoencoder."""
        return self._run("encoder.", np.asarray(x, dtype=np.float64))

    def logits(self, z: np.ndarray) -> np.ndarray:
        return self._run("decoder.", z)

    def decode(self, z: np.ndarray) -> np.ndarray:
        return special.expit(self.logits(z))

    def log_likelihood(self, x: Any, z: np.ndarray) -> np.ndarray:
        return log_normal(np.asarray(x, dtype=np.float64), self.decode(z), self.sigma**2)

    def log_joint(self, x: Any, z: np.ndarray) -> np.ndarray:
        return self.log_likelihood(x, z) + standard_log_normal(z)

    def dense_grid(self, x: Any, *, extent: float = 5.5, count: int = 320) -> tuple[np.ndarray, np.ndarray, float]:
        """Points of an even grid in the plane, log P(X, z) at each, and the log of a cell's area."""
        axis = np.linspace(-extent, extent, count)
        z = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
        log_joint = np.concatenate([self.log_joint(x, part) for part in np.array_split(z, 40)])
        return z, log_joint, 2 * float(np.log(axis[1] - axis[0]))


def gauss_hermite_elbo(networks: Networks, x: Any, nodes: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """E_Q[log P(X|z)] and the KL to the prior for each row of ``x``, two latents, by a tensor-product rule."""
    points, weights = np.polynomial.hermite.hermgauss(nodes)  # weight exp(-t²), so z = mean + √2 σ t
    mean, var = networks.encode(x)
    reconstruction = np.zeros(len(mean))
    for first, weight in zip(points, weights, strict=True):
        for second, other in zip(points, weights, strict=True):
            z = mean + np.sqrt(2 * var) * np.array([first, second])
            reconstruction += weight * other / np.pi * networks.log_likelihood(x, z)
    kl = 0.5 * (var + mean**2 - 1 - np.log(var)).sum(-1)
    return reconstruction, kl
