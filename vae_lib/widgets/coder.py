"""What widgets share that show an encoder at work: both networks in the page, a picture X, and its Q(z|X)."""

from __future__ import annotations

from typing import Any

import torch
import traitlets
from torch import Tensor

from vae_lib.distributions import Gaussian
from vae_lib.model import VAE
from vae_lib.widgets.base import BookWidget
from vae_lib.widgets.packing import describe_layers, pack_weights


class Coder(BookWidget):
    """A widget with a VAE, whose two networks run in the page, and a picture X.

    Subclasses set ``_model``, to what ``as_sent`` makes, and say what ``image`` and ``z`` are.
    """

    encoder_weights = traitlets.Bytes().tag(sync=True)
    encoder_layers: traitlets.List[Any] = traitlets.List().tag(sync=True)
    decoder_weights = traitlets.Bytes().tag(sync=True)
    decoder_layers: traitlets.List[Any] = traitlets.List().tag(sync=True)

    _model: VAE
    z: Any

    @staticmethod
    def _networks(model: VAE) -> dict[str, Any]:
        """The traits that hold the two networks of a model.

        Raises:
            TypeError: a network with layers that the browser cannot compute.
            ValueError: a weight that is not finite as float16.
        """
        return {
            "encoder_weights": pack_weights(model.encoder.net),
            "encoder_layers": describe_layers(model.encoder.net, final="identity"),
            "decoder_weights": pack_weights(model.decoder.net),
            "decoder_layers": describe_layers(model.decoder.net, final="sigmoid" if model.sigmoid else "identity"),
        }

    @property
    def image(self) -> Tensor:
        """The picture X as float32, brightness 0 to 1, in the shape of a picture."""
        raise NotImplementedError

    @property
    def mean(self) -> Tensor:
        """μ, the mean of Q(z|X), shape ``(latent_dim,)``."""
        return self._posterior().mean

    @property
    def std(self) -> Tensor:
        """The standard deviation of Q(z|X), shape ``(latent_dim,)``."""
        return self._posterior().std

    @property
    @torch.no_grad()
    def reconstruction(self) -> Tensor:
        """f(z), in the shape of a picture."""
        return self._model.decode(torch.as_tensor(self.z)).reshape(self.image.shape)

    @property
    @torch.no_grad()
    def log_likelihood(self) -> float:
        """log P(X|z) in nats, at this z."""
        return float(self._model.log_likelihood(self.image.flatten(), torch.as_tensor(self.z)))

    @property
    def kl(self) -> float:
        """𝒟[Q(z|X) ‖ P(z)] in nats."""
        return float(self._posterior().kl())

    @property
    def elbo(self) -> float:
        """``log_likelihood − kl`` in nats: the right side of Eq. (4), estimated with this one z, if Q(z|X) drew it."""
        return self.log_likelihood - self.kl

    @torch.no_grad()
    def _posterior(self) -> Gaussian:
        return self._model.encode(self.image.flatten())
