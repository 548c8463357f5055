"""What widgets share that show an encoder at work: both networks in the page, a picture X, and its Q(z|X)."""

from __future__ import annotations

from typing import Any

import torch
import traitlets
from torch import Tensor

from vae_lib.distributions import Gaussian
from vae_lib.model import VAE
from vae_lib.widgets.base import BookWidget, describe_layers, pack_weights


class Coder(BookWidget):
    """A widget with a VAE, whose two networks run in the page, and a picture X.

    Subclasses set ``_model``, to what ``as_sent`` makes, and say what ``image`` is.
    """

    encoder_weights = traitlets.Bytes().tag(sync=True)
    encoder_layers: traitlets.List[Any] = traitlets.List().tag(sync=True)
    decoder_weights = traitlets.Bytes().tag(sync=True)
    decoder_layers: traitlets.List[Any] = traitlets.List().tag(sync=True)

    _model: VAE

    @staticmethod
    def networks(model: VAE) -> dict[str, Any]:
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

    @torch.no_grad()
    def _posterior(self) -> Gaussian:
        return self._model.encode(self.image.flatten())
