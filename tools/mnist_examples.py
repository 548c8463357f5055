"""Make the data of the widget DigitPad: ten test digits of MNIST, and where the model's test digits lie in nats.

Of each class this takes the test digit whose ELBO is nearest to the median of its class. The range that goes with
them belongs to one model, whose fingerprint is stored beside it: run this again after the model was trained anew.

Usage: VAE_LIB_DATA=FOLDER python tools/mnist_examples.py [MODEL]
"""

from __future__ import annotations

import sys

import torch
from safetensors.torch import save

from vae_lib import data, pretrained
from vae_lib.model import require_vae
from vae_lib.widgets.digit_pad import EXAMPLES, fingerprint, usual_range


def main(name: str = "mnist-2", samples: int = 16) -> None:
    """Write ``vae_lib/widgets/digit_pad/mnist-examples.safetensors`` for a model that ships."""
    dataset, model = data.load("mnist"), require_vae(pretrained.load(name), "DigitPad")
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        elbo = torch.stack([model.terms(dataset.test, generator=generator).elbo for _ in range(samples)]).mean(0)
    chosen = []
    for digit in range(10):
        rows = (dataset.test_labels == digit).nonzero()[:, 0]
        chosen.append(int(rows[(elbo[rows] - elbo[rows].median()).abs().argmin()]))
    content = save(
        {
            "pictures": (255 * dataset.test[chosen]).round().to(torch.uint8),
            "labels": dataset.test_labels[chosen].to(torch.uint8),
            "usual": usual_range(model, dataset.test),
        },
        metadata={"model": name, "fingerprint": fingerprint(model)},
    )
    EXAMPLES.write_bytes(content)
    print(f"saved {EXAMPLES}: the test digits in rows {', '.join(map(str, chosen))} of MNIST's test set")


if __name__ == "__main__":
    main(*sys.argv[1:])
