"""Discrete latents: a VAE whose z is a short word of symbols, and a prior over words that is fitted by counting.

A **word** is ``positions`` symbols out of ``size``, integers of shape ``(..., positions)``. Each symbol stands for one
vector of the codebook.
"""

from __future__ import annotations

import functools
import math

import torch
from torch import Tensor, nn

from vae_lib import checks
from vae_lib.distributions import gaussian_log_density
from vae_lib.model import Decoder, Terms, mlp


class VQVAE(nn.Module):
    """An encoder to the nearest vectors of a codebook, and a decoder from them.

    Q(z|X) puts all its mass on one word, and P(z) is uniform over the size^positions words, so the KL term of Eq. (4)
    is positions · log(size) for every X.

    Args:
        data_dim: pixels of one example.
        positions: symbols in a word.
        size: vectors in the codebook, shared by all positions.
        code_dim: numbers in one vector.
        hidden: width of the two hidden layers, in the encoder and in the decoder.
        sigma: σ of P(X|z) = N(f(z), σ²I), where it starts; it is learned.

    Raises:
        ValueError: a size below 1, or a σ that is not a positive number.

    Source: van den Oord et al. 2017, section 3.
    """

    def __init__(
        self, data_dim: int, positions: int, size: int, *, code_dim: int = 4, hidden: int = 64, sigma: float = 0.2
    ) -> None:
        super().__init__()
        checks.at_least(1, data_dim=data_dim, positions=positions, size=size, code_dim=code_dim, hidden=hidden)
        checks.positive(sigma=sigma)
        self.positions, self.size, self.code_dim = positions, size, code_dim
        self.encoder = mlp((data_dim, hidden, hidden, positions * code_dim))
        with torch.no_grad():
            next(self.encoder[-1].parameters()).mul_(10)  # outputs far apart, so that words differ from the start
        self.decoder = Decoder(positions * code_dim, data_dim, (hidden, hidden))
        self.codebook = nn.Parameter(torch.randn(size, code_dim))
        self.log_sigma = nn.Parameter(torch.tensor(math.log(sigma)))

    def encode(self, x: Tensor) -> Tensor:
        """What the encoder says before it is rounded: ``(..., data_dim)`` to ``(..., positions, code_dim)``."""
        return self.encoder(x).unflatten(-1, (self.positions, self.code_dim))

    def nearest(self, e: Tensor) -> Tensor:
        """The symbols whose vectors lie nearest: ``(..., code_dim)`` to integers of shape ``(...)``."""
        return torch.cdist(e.reshape(1, -1, self.code_dim), self.codebook[None])[0].argmin(1).view(e.shape[:-1])

    def quantize(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The encoder's outputs e and the nearest vectors c, each ``(..., positions, code_dim)``."""
        e = self.encode(x)
        return e, self.codebook[self.nearest(e)]

    def words(self, x: Tensor) -> Tensor:
        """The word of each example: ``(..., data_dim)`` to ``(..., positions)``."""
        return self.nearest(self.encode(x))

    def decode(self, words: Tensor) -> Tensor:
        """f(z), every pixel in (0, 1): ``(..., positions)`` to ``(..., data_dim)``."""
        return torch.sigmoid(self.decoder(self.codebook[words].flatten(-2)))

    def terms(self, x: Tensor, *, generator: torch.Generator | None = None) -> Terms:
        """The right side of Eq. (4) under the uniform prior; nothing is drawn, so ``generator`` has no use."""
        return self.straight_through(x, *self.quantize(x))

    def straight_through(self, x: Tensor, e: Tensor, c: Tensor) -> Terms:
        """The terms of ``x``: forward the decoder sees c, and backward e gets the gradient that c has.

        Args:
            x: shape ``(batch, data_dim)``.
            e, c: what ``quantize`` gives for it, shape ``(batch, positions, code_dim)``.
        """
        seen = e + (c - e).detach()
        picture = torch.sigmoid(self.decoder(seen.flatten(-2)))
        reconstruction = gaussian_log_density(x, picture, 2 * self.log_sigma)
        return Terms(reconstruction, torch.full_like(reconstruction, self.positions * math.log(self.size)))

    def all_words(self) -> Tensor:
        """Every word there is, shape ``(size**positions, positions)``."""
        symbols = torch.arange(self.size, device=self.codebook.device)
        return torch.cartesian_prod(*[symbols] * self.positions).view(-1, self.positions)


def objective(model: VQVAE, x: Tensor, generator: torch.Generator, *, commitment: float = 0.25) -> tuple[Tensor, Terms]:
    """What ``fit`` climbs: the ELBO, less what moves codebook and encoder towards each other.

    Args:
        commitment: β of the paper: how strongly the encoder is drawn to the vector that it chose.

    Returns:
        ELBO − ‖sg[e] − c‖² − β‖e − sg[c]‖², shape ``(batch,)``, where sg stops the gradient; and both terms.

    Source: van den Oord et al. 2017, eq. 3.
    """
    e, c = model.quantize(x)
    terms = model.straight_through(x, e, c)
    codebook = ((e.detach() - c) ** 2).sum((-1, -2))
    commit = ((e - c.detach()) ** 2).sum((-1, -2))
    return terms.elbo - codebook - commitment * commit, terms


@torch.no_grad()
def start_codebook(model: VQVAE, x: Tensor, *, seed: int = 0) -> None:
    """Put each vector of the codebook on an output of the encoder, so that none starts where no example comes."""
    outputs = model.encode(x).reshape(-1, model.code_dim)
    generator = torch.Generator().manual_seed(seed)
    model.codebook.copy_(outputs[torch.randperm(len(outputs), generator=generator)[: model.size]])


def perplexity(words: Tensor, size: int) -> float:
    """exp of the entropy of the symbols in use: ``size`` if all are equally frequent, 1 if one is used alone."""
    shares = torch.bincount(words.flatten(), minlength=size).double() / words.numel()
    return float(torch.special.entr(shares).sum().exp())


class WordPrior:
    """P(z) = P(z₁) ∏ P(zᵢ|zᵢ₋₁): each symbol depends on the one before it, with tables made by counting.

    Args:
        words: of the training examples, shape ``(count, positions)``.
        size: symbols in the alphabet.
        pseudo_count: added to every count, so that no word is impossible.
    """

    def __init__(self, words: Tensor, size: int, *, pseudo_count: float = 0.1) -> None:
        if words.ndim != 2 or len(words) == 0:
            raise ValueError(f"words must have shape (count, positions) with one at least, got {tuple(words.shape)}")
        if not 0 <= int(words.min()) <= int(words.max()) < size:
            raise ValueError(f"symbols must lie from 0 to {size - 1}, got {int(words.min())} to {int(words.max())}")
        checks.positive(pseudo_count=pseudo_count)
        first = torch.bincount(words[:, 0], minlength=size) + pseudo_count
        self.log_first = (first / first.sum()).log()  # (size,)
        self.log_next = []  # positions - 1 tables of (size, size): row the symbol before, column the symbol
        for before, after in zip(words.T[:-1], words.T[1:], strict=True):
            counts = torch.bincount(before * size + after, minlength=size**2).view(size, size) + pseudo_count
            self.log_next.append((counts / counts.sum(1, keepdim=True)).log())

    def log_prob(self, words: Tensor) -> Tensor:
        """log P(z) in nats: ``(..., positions)`` to ``(...)``."""
        log_p = self.log_first[words[..., 0]]
        for position, table in enumerate(self.log_next, start=1):
            log_p = log_p + table[words[..., position - 1], words[..., position]]
        return log_p

    def sample(self, count: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Words, symbol by symbol, shape ``(count, positions)``."""
        draw = functools.partial(torch.multinomial, replacement=True, generator=generator)
        symbols = [draw(self.log_first.exp(), count)]
        for table in self.log_next:
            symbols.append(draw(table[symbols[-1]].exp(), 1)[:, 0])
        return torch.stack(symbols, 1)


@torch.no_grad()
def log_joint(model: VQVAE, x: Tensor, log_prior: Tensor) -> Tensor:
    """log P(X, z) for every word z, nats, shape ``(words, batch)``: its logsumexp over words is log P(X), exactly.

    Args:
        x: shape ``(batch, data_dim)``.
        log_prior: log P(z) of ``model.all_words()``, shape ``(words,)``.
    """
    pictures = model.decode(model.all_words())  # (words, data_dim)
    squares = torch.cdist(pictures.double(), x.double()) ** 2  # not the difference of every pixel: 100 times the memory
    log_var = 2 * float(model.log_sigma)
    log_likelihood = -0.5 * (x.shape[-1] * (math.log(2 * math.pi) + log_var) + squares * math.exp(-log_var))
    return log_likelihood + log_prior.double()[:, None]
