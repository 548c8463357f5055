"""The models of chapter 10 with five seeds each: ``python benchmarks/chapter_10.py`` writes the record that it reads.

A page of the book trains one seed, or a few, while it is read. What it says of seeds stands in this record: every
model is trained as on its page, beside a plain VAE of the same widths that is trained as long.

    10-1   rate, distortion and MIG over β, after 36 epochs and after 150
    10-2   told and untold, with two latents and with three, after 30 epochs and after 150
    10-3   the bounds L_1 and L_20
    10-4   σ fixed, learned and in closed form; one σ and 64
    10-5   three priors
    10-6   one layer and two, the width of the lower prior fixed or learned
    10-7   a word, and numbers
    10-8   four priors for one decoder, and a plain VAE
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from torch.distributions import MultivariateNormal

from vae_lib import data, evidence, latent, pretrained
from vae_lib.beyond import conditional, diffusion, importance, priors, shapes, sigma, vector_quantized
from vae_lib.beyond.hierarchical import HierarchicalVAE
from vae_lib.beyond.judge import Judge, exact_log_evidence
from vae_lib.distributions import standard_normal_log_density
from vae_lib.model import VAE
from vae_lib.runs.files import record_text
from vae_lib.training import elbo, fit, mean_terms

SEEDS: Final = 5
COMMAND: Final = "python benchmarks/chapter_10.py"

Rows = dict[str, dict[str, float]]
"""Of one seed: the figures of each model, by name."""


def by_weights(log_weights: Tensor) -> dict[str, float]:
    """ELBO, log P(X) by all draws, and what the second half of the draws has added to it."""
    half = evidence.log_mean_exp(log_weights[: len(log_weights) // 2]).mean()
    whole = evidence.log_mean_exp(log_weights).mean()
    return {"elbo": float(log_weights.mean()), "log_p": float(whole), "last_half": float(whole - half)}


class Pages:
    """Trains and measures the models of each page, for one seed after the other."""

    def __init__(self) -> None:
        self.digits = data.load("digits")
        self.judge = Judge(self.digits)

    def looks(self, back: Tensor, samples: Tensor) -> dict[str, float]:
        """The rows that all pages share: of test digits that come back, and of samples."""
        return {
            "sure_back": self.judge.sure(back),
            "sure": self.judge.sure(samples),
            "distance": self.judge.distance(samples),
        }

    def plain(self, model: VAE, seed: int, draws: int = 1000) -> dict[str, float]:
        """Everything about a plain VAE on digits."""
        generator = torch.Generator().manual_seed(seed)
        test = self.digits.test
        with torch.no_grad():
            q = model.encode(test)
            back, samples = model.decode(q.mean), model.sample(1000, generator=generator)
            weights = evidence.importance_log_weights(model, test, q, draws, generator=generator)
            figures = {"kl": float(q.kl().mean()), **by_weights(weights), **self.looks(back, samples)}
        if model.latent_dim == 2:
            figures["log_p"] = float(exact_log_evidence(model, test).mean())
            del figures["last_half"]
        return figures

    def page_10_1(self, seed: int) -> Rows:
        """Rates, distortions and MIG along β."""
        pictures, factors = shapes.draw()
        entropy, rows = shapes.entropies(factors), {}
        for epochs, beta in itertools.product((36, 150), (1, 3, 8, 20)):
            torch.manual_seed(seed)
            model = VAE(256, 5, (64, 64), sigma=0.2)
            fit(model, pictures, epochs=epochs, batch_size=96, lr=1e-2, beta=beta, seed=seed)
            reconstruction, kl = mean_terms(model, pictures, samples=20)
            with torch.no_grad():
                information = shapes.factor_information(model.encode(pictures), factors)
            mig = float(shapes.information_gap(information, entropy).mean())
            rows[f"beta {beta}, {epochs} epochs"] = {"rate": kl, "distortion": -reconstruction, "mig": mig}
        return rows

    def page_10_2(self, seed: int) -> Rows:
        """A model that is told the digit, and two that are not."""
        train, test = self.digits.train, self.digits.test
        told_train, told_test = (
            conditional.join(x, labels, 10)
            for x, labels in ((train, self.digits.train_labels), (test, self.digits.test_labels))
        )
        rows: Rows = {}
        for epochs in (30, 150):
            kept = {"epochs": epochs, "batch_size": 64, "lr": 8e-3, "seed": seed}
            for latents in (2, 3):
                torch.manual_seed(seed)
                model = VAE(64, latents, (64,), sigma=0.16)
                fit(model, train, **kept)
                rows[f"plain {latents}, {epochs} epochs"] = self.plain(model, seed)
            torch.manual_seed(seed)
            told = conditional.ConditionalVAE(64, 2, 10, (64,), sigma=0.16)
            fit(told, told_train, **kept)
            each = torch.stack([self.told_log_p(told, test, c) for c in range(10)], 1)
            with torch.no_grad():
                q = told.encode(told_test)
                back = told.decode(conditional.join(q.mean, self.digits.test_labels, 10))
                samples = told.sample(1000, generator=torch.Generator().manual_seed(seed))
            rows[f"told, {epochs} epochs"] = {
                "kl": float(q.kl().mean()),
                "log_p": float((each.logsumexp(1) - math.log(10)).mean()),
                "named": float((each.argmax(1) == self.digits.test_labels).float().mean()),
                **self.looks(back, samples),
            }
        return rows

    @staticmethod
    def told_log_p(told: conditional.ConditionalVAE, x: Tensor, label: int) -> Tensor:
        """log P(X|c), exactly."""
        return exact_log_evidence(told, x, decode=lambda z: told.decode(conditional.join(z, label, 10)))

    def page_10_3(self, seed: int) -> Rows:
        """Two bounds, on digits of coin flips."""
        test = data.binarize(self.digits.test, generator=torch.Generator().manual_seed(0))
        rows: Rows = {}
        for k in (1, 20):
            torch.manual_seed(seed)
            model = VAE(64, 2, (48,), likelihood="bernoulli")
            climbed = functools.partial(importance.iwae, k=k)
            fit(model, self.digits.train, epochs=30, batch_size=64, lr=1e-2, seed=seed, objective=climbed)
            generator = torch.Generator().manual_seed(seed)
            with torch.no_grad():
                q = model.encode(test)
                weights = evidence.importance_log_weights(model, test, q, 1000, generator=generator)
            rows[f"L{k}"] = {**by_weights(weights), "width": float(q.std.mean())}
        return rows

    def page_10_4(self, seed: int) -> Rows:
        """One σ fixed, learned or in closed form; then one and 64 on counts with noise."""
        kept = {"epochs": 16, "batch_size": 64, "lr": 1e-2, "seed": seed}
        start: dict[str, dict[str, Any]] = {
            "fixed, 0.71": {"sigma": math.sqrt(0.5)},
            "fixed, 0.03": {"sigma": 0.03},
            "learned": {"sigma": 0.5, "learn_sigma": True},
            "closed form": {"sigma": 0.5},
        }
        rows: Rows = {}
        for name, settings in start.items():
            torch.manual_seed(seed)
            model = VAE(64, 2, (64,), **settings)
            best = sigma.optimal_sigma_elbo if name == "closed form" else None
            fit(model, self.digits.train, objective=best, **kept)
            rows[name] = {**self.plain(model, seed), "sigma": model.sigma}
            if name == "fixed, 0.03":
                rows[name]["log_p"] = float(exact_log_evidence(model, self.digits.test, spacing=1 / 64).mean())

        def noisy(x: Tensor, generator: torch.Generator) -> Tensor:
            return (16 * x + torch.rand(x.shape, generator=generator)) / 17

        def climbed(model: Any, x: Tensor, generator: torch.Generator) -> Any:
            return elbo(model, noisy(x, generator), generator)

        held_out = noisy(self.digits.test, torch.Generator().manual_seed(1))
        for name in ("one sigma", "64 sigmas"):
            torch.manual_seed(seed)
            many = name == "64 sigmas"
            one = VAE(64, 2, (64,), sigma=0.5, learn_sigma=True)
            model = sigma.PixelSigmaVAE(64, 2, (64,), sigma=0.5) if many else one
            fit(model, self.digits.train, objective=climbed, **kept)
            rows[name] = {"log_p": float(exact_log_evidence(model, held_out).mean())}
        return rows

    def page_10_5(self, seed: int) -> Rows:
        """Three priors, from one start."""
        vae = pretrained.load("digits-2")
        few = torch.randperm(len(self.digits.train), generator=torch.Generator().manual_seed(seed))[:100]
        with torch.no_grad():
            codes = vae.encode(self.digits.train).mean[few]
        models = {
            "N(0, I)": pretrained.load("digits-2"),
            "mixture": priors.LearnedPriorVAE(vae, priors.MixturePrior(codes, 0.3)),
            "VampPrior": priors.LearnedPriorVAE(vae, priors.VampPrior(self.digits.train[few])),
        }
        rows: Rows = {}
        for name, model in models.items():
            fit(model, self.digits.train, epochs=15, batch_size=64, lr=4e-3, seed=seed)
            generator = torch.Generator().manual_seed(seed)
            with torch.no_grad():
                q = model.encode(self.digits.train)
                z = q.rsample(3, generator=generator).flatten(0, 1)
                apart = latent.aggregate_log_density(q, z) - model.log_prior(z)
                reconstruction, kl = mean_terms(model, self.digits.test, samples=5)
                back = model.decode(model.encode(self.digits.test).mean)
                samples = model.sample(1000, generator=generator)
                log_p = exact_log_evidence(model, self.digits.test)
            rows[name] = {
                "elbo": reconstruction - kl,
                "log_p": float(log_p.mean()),
                "mismatch": float(apart.mean()),
                **self.looks(back, samples),
            }
        return rows

    def page_10_6(self, seed: int) -> Rows:
        """One layer of latents and two."""

        def with_warm_up(model: Any) -> Any:
            epoch = itertools.count()

            def next_epoch(_: int) -> None:
                model.kl_weight = min(1.0, next(epoch) / 12)

            def climb(model: Any, x: Tensor, generator: torch.Generator) -> Any:
                return elbo(model, x, generator, beta=model.kl_weight)

            settings = {"epochs": 25, "batch_size": 64, "lr": 8e-3, "seed": seed}
            fit(model, self.digits.train, objective=climb, after_epoch=next_epoch, **settings)
            return model

        torch.manual_seed(seed)
        rows: Rows = {"one layer": self.plain(with_warm_up(VAE(64, 8, (64, 64), sigma=0.2, learn_sigma=True)), seed)}
        for name, learned in (("two layers", False), ("two layers, width learned", True)):
            torch.manual_seed(seed)
            model = with_warm_up(HierarchicalVAE(64, bottom=8, top=4, learn_width=learned))
            generator = torch.Generator().manual_seed(seed)
            with torch.no_grad():
                terms = model.layer_terms(self.digits.test, generator=generator)
                top = model.encode_top(self.digits.test)
                back = model.decode(model.encode_bottom(self.digits.test, top.mean).mean)
            rows[name] = {
                **by_weights(model.log_weights(self.digits.test, 1000, generator=generator)),
                "kl_bottom": float(terms.kl_bottom.mean()),
                "kl_top": float(terms.kl_top.mean()),
                "active_top": evidence.active_units(top.mean),
                **self.looks(back, model.sample(1000, generator=generator)),
            }
        return rows

    def page_10_7(self, seed: int) -> Rows:
        """A word of symbols, and numbers."""
        train, test = self.digits.train, self.digits.test
        torch.manual_seed(seed)
        vq = vector_quantized.VQVAE(64, positions=4, size=16)
        vector_quantized.start_codebook(vq, train)
        settings = {"epochs": 25, "batch_size": 64, "lr": 1e-2, "seed": seed}
        fit(vq, train, objective=vector_quantized.objective, **settings)
        prior = vector_quantized.WordPrior(vq.words(train), size=16)
        generator = torch.Generator().manual_seed(seed)
        drawn = {
            "word, uniform": (torch.randint(16, (1000, 4), generator=generator), None),
            "word, counted": (prior.sample(1000, generator=generator), prior),
        }
        rows: Rows = {}
        with torch.no_grad():
            words, every = vq.words(test), vq.all_words()
            reconstruction = float(vq.terms(test).reconstruction.mean())
            for name, (new, counts) in drawn.items():
                log_prior = torch.full((len(every),), -4 * math.log(16)) if counts is None else counts.log_prob(every)
                of_test = -4 * math.log(16) if counts is None else float(counts.log_prob(words).mean())
                log_p = torch.cat([vector_quantized.log_joint(vq, x, log_prior).logsumexp(0) for x in test.split(60)])
                rows[name] = {
                    "elbo": reconstruction + of_test,
                    "log_p": float(log_p.mean()),
                    **self.looks(vq.decode(words), vq.decode(new)),
                }
        torch.manual_seed(seed)
        plain = VAE(64, 8, (64, 64), sigma=0.2, learn_sigma=True)
        fit(plain, train, **settings)
        rows["plain"] = self.plain(plain, seed)
        return rows

    def page_10_8(self, seed: int) -> Rows:
        """Four laws for the codes of one VAE, and a plain VAE with β = 1."""
        train, test = self.digits.train, self.digits.test
        settings = {"epochs": 25, "batch_size": 64, "lr": 8e-3, "seed": seed}
        torch.manual_seed(seed)
        plain = VAE(64, 8, (64, 64), sigma=0.15)
        fit(plain, train, **settings)
        rows: Rows = {"plain": self.plain(plain, seed)}
        torch.manual_seed(seed)
        vae = VAE(64, 8, (64, 64), sigma=0.15)
        fit(vae, train, beta=0.1, **settings)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            drawn, of_test = (vae.encode(x).rsample(generator=generator) for x in (train, test))
            back = vae.decode(vae.encode(test).mean)
        mean, std = drawn.mean(0), drawn.std(0)
        codes, test_codes = (drawn - mean) / std, (of_test - mean) / std
        torch.manual_seed(seed)
        model = diffusion.Diffusion(8, diffusion.linear_chain(50), hidden=(128, 128))
        fit(model, codes, epochs=120, batch_size=128, lr=4e-3, seed=seed, objective=diffusion.simple)
        tilted = MultivariateNormal(codes.mean(0), torch.cov(codes.T))
        noise = torch.randn(2, 1000, 8, generator=generator)
        sources = {
            "N(0, I)": (noise[0] - mean) / std,
            "widths": noise[1],
            "full Gaussian": noise[1] @ tilted.scale_tril.T + tilted.loc,
            "diffusion": model.draw(1000, generator=generator),
        }
        densities = {
            "widths": standard_normal_log_density(test_codes).mean(),
            "full Gaussian": tilted.log_prob(test_codes).mean(),
            "diffusion": model.elbo(test_codes, samples=5, generator=generator).mean(),
        }
        with torch.no_grad():
            for name, z in sources.items():
                rows[name] = self.looks(back, vae.decode(z * std + mean))
                if name in densities:
                    rows[name]["code_density"] = float(densities[name])
        correlation = torch.corrcoef(codes.T).fill_diagonal_(0).abs().max()
        rows["full Gaussian"]["largest_correlation"] = float(correlation)
        return rows


def gathered(one: Callable[[int], Rows], seeds: int) -> dict[str, dict[str, list[float]]]:
    """The rows of one page, seed by seed, as lists."""
    found = [one(seed) for seed in range(seeds)]
    return {
        row: {name: [round(float(rows[row][name]), 4) for rows in found] for name in figures}
        for row, figures in found[0].items()
    }


def main() -> None:
    """Writes the record, page by page; a page that is not asked for stays as it is."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    every = [f"10-{number}" for number in range(1, 9)]
    options.add_argument("--only", nargs="+", choices=every, default=every, metavar="PAGE")
    options.add_argument("--seeds", type=int, default=SEEDS)
    options.add_argument("--out", type=Path, default=pretrained.SHIPPED / "chapter-10.json")
    given = options.parse_args()
    torch.set_num_threads(1)
    pages = Pages()
    record: dict[str, Any] = {"command": COMMAND, "seeds": given.seeds, "pages": {}}
    if given.out.exists():
        record["pages"] = json.loads(given.out.read_text(encoding="utf-8"))["pages"]
    for page in given.only:
        record["pages"][page] = gathered(getattr(pages, f"page_{page.replace('-', '_')}"), given.seeds)
        record["pages"] = dict(sorted(record["pages"].items()))
        given.out.write_text(record_text(record), encoding="utf-8")
        print(page, flush=True)


if __name__ == "__main__":
    main()
