"""Chapter 8: how good is it?"""

from __future__ import annotations

import math
from typing import Any, Final

import torch

from vae_lib.evidence import log_mean_exp, summarize
from vae_lib.exercises.checking import Function, Number, Verdict
from vae_lib.exercises.questions import Question, Right, Wrong
from vae_lib.exercises.shared import OVERFLOW, normal

__all__ = ["check_effective_samples", "check_iwae"]

IWAE: Final = Function(
    "check_iwae",
    lambda log_weights: log_mean_exp(log_weights, 1).mean(0),
    "one number for each picture, shape (batch,)",
    (
        (torch.tensor([[[-1.0], [2.0]]]),),
        (torch.tensor([[[-1.0], [2.0]], [[0.0], [0.5]], [[1.0], [-3.0]]]),),
        (2 * normal(4, 5, 2, seed=0),),
        (2 * normal(3, 6, 2, seed=1) - 1500,),
    ),
    {
        "ELBO": (
            lambda w: w.mean((0, 1)),
            "This is the mean of all log weights, which is the ELBO, the bound for k = 1. For the bound over k average "
            "the weights inside each group before you take the logarithm.",
        ),
        "all draws inside the log": (
            lambda w: log_mean_exp(w.flatten(0, 1)),
            "This puts all draws inside one logarithm: the groups are gone, and k with them. Take the logarithm of "
            "each group's mean, then average over the groups.",
        ),
        "axes swapped": (
            lambda w: log_mean_exp(w, 0).mean(0),
            "The two axes have changed places: the logarithm's average runs over the groups, and the plain one over "
            "the k weights. The k weights of a group are axis 1.",
        ),
        "sum for mean": (
            lambda w: torch.logsumexp(w, 1).mean(0),
            "This is the log of the sum of the k weights. With the mean, log k less, it stays below log P(X).",
        ),
        "divided outside the log": (
            lambda w: (torch.logsumexp(w, 1) / w.shape[1]).mean(0),
            "The log of the sum is divided by k. It is the sum that is to be divided, inside the logarithm; outside of "
            "it that is log k taken off.",
        ),
        "log k added": (
            lambda w: (torch.logsumexp(w, 1) + math.log(w.shape[1])).mean(0),
            "log k is added. The mean of the k weights is their sum divided by k, so log k is taken off.",
        ),
        "number of groups for k": (
            lambda w: (torch.logsumexp(w, 1) - math.log(len(w))).mean(0),
            "The log of the number of groups is taken off. The mean is over the k weights of a group, so it has to be "
            "log k: k is log_weights.shape[1].",
        ),
        "overflow": (
            lambda w: w.exp().mean(1).log().mean(0),
            OVERFLOW,
        ),
        "groups not averaged": (
            lambda w: log_mean_exp(w, 1),
            "This has one value for each group. The bound is their mean over the groups, the first axis.",
        ),
        "groups added up": (
            lambda w: log_mean_exp(w, 1).sum(0),
            "This adds up the groups. The bound is their mean.",
        ),
        "mean over the batch": (
            lambda w: log_mean_exp(w, 1).mean(),
            "This is the mean over the pictures too. Wanted is one number for each picture.",
        ),
        "largest weight": (
            lambda w: w.max(1).values.mean(0),
            "This takes the largest weight of each group. It is the mean of the k weights that stands in the "
            "logarithm.",
        ),
        "sign": (
            lambda w: -log_mean_exp(w, 1).mean(0),
            "The sign is flipped: this is minus the bound, as a loss has it.",
        ),
    },
)


def check_iwae(answer: Any) -> Verdict:
    """``bound(log_weights)``: the IWAE bound, the mean over groups of the log of the mean of k weights.

    ``log_weights`` has shape ``(groups, k, batch)``; the result has ``(batch,)``, in nats. Burda et al. 2015, eq. 8.
    Chapter 8.
    """
    return IWAE.check(answer)


EFFECTIVE_SAMPLES: Final = Function(
    "check_effective_samples",
    lambda log_weights: summarize(log_weights).effective_samples,
    "one number for each picture, shape (batch,)",
    (
        (torch.tensor([[0.0], [0.0], [1.0]]),),
        (normal(6, 2, seed=0) + 0.5,),
        (2 * normal(40, 3, seed=1) - 1,),
        (normal(5, 2, seed=2) - 1500,),
    ),
    {
        "overflow": (
            lambda w: w.exp().sum(0) ** 2 / (2 * w).exp().sum(0),
            "The formula is right. But at −1500 nats exp gives 0, and 0/0 is no number. A common factor cancels in the "
            "fraction, so take the largest log weight off before the exp, or use torch.softmax.",
        ),
        "upside down": (
            lambda w: 1 / summarize(w).effective_samples,
            "The fraction is upside down: (Σw)² stands above, Σw² below. The number lies between 1 and the number of "
            "draws.",
        ),
        "share": (
            lambda w: summarize(w).effective_samples / len(w),
            "This is the share of the draws; the number itself is wanted, from 1 to the number of draws.",
        ),
        "still a logarithm": (
            lambda w: summarize(w).effective_samples.log(),
            "This is the logarithm of the number. Take the exp of it at the end.",
        ),
        "log weights for weights": (
            lambda w: w.sum(0) ** 2 / (w**2).sum(0),
            "This takes the log weights for the weights: the exp is missing.",
        ),
        "square inside": (
            lambda w: torch.ones_like(w).mean(0),
            "Both sums are of the squares, so the fraction is 1. Above stands the square of the sum, (Σw)².",
        ),
        "largest share only": (
            lambda w: 1 / torch.softmax(w, 0).max(0).values,
            "This is 1 over the largest share. The effective number looks at all shares: 1 / Σ share².",
        ),
        "entropy": (
            lambda w: torch.special.entr(torch.softmax(w, 0)).sum(0).exp(),
            "This is the exp of the entropy of the shares, another way of counting. The chapter's is (Σw)² / Σw².",
        ),
        "over the batch": (
            lambda w: summarize(w.T).effective_samples,
            "This sums over the pictures and keeps the draws apart. The draws are the first axis.",
        ),
        "softmax over the batch": (
            lambda w: 1 / (torch.softmax(w, 1) ** 2).sum(0),
            "The softmax runs along axis 1, so the shares of one draw add up to 1 over the pictures. Those of one "
            "picture have to add up to 1 over the draws: torch.softmax(log_weights, 0).",
        ),
        "mean over the batch": (
            lambda w: summarize(w).effective_samples.mean(),
            "This is the mean over the pictures. Wanted is one number for each picture.",
        ),
    },
)


def check_effective_samples(answer: Any) -> Verdict:
    """``effective(log_weights)``: (Σw)² / Σw², how many draws carry a sum.

    ``log_weights`` has shape ``(draws, batch)``; the result has ``(batch,)``. Chapters 2 and 8.
    """
    return EFFECTIVE_SAMPLES.check(answer)


ANSWERS: Final = {
    "worse than noise": Number(
        0.34,
        "At σ = 0.32 the mean is still a nat above 0, and at 0.34 it is below. A σ twice as large as the best one "
        "costs all that the model knows about digits.",
        {
            0.32: "There it is still 1 nat, above 0. Go one step on.",
            0.16: "There it is largest, 21 nats. Move on to the right.",
            0.08: "That is the other side of the best σ. Asked for is where it falls below 0 on the right.",
            0.5: "That is the end of the slider. It has been below 0 for a while.",
        },
        "Move σ up from 0.16, step by step, until the number printed is negative. As the prints are whole numbers, "
        "compute summed(squares, log_mass, sigma).mean() where you are in doubt.",
        0.009,
    ),
    "best noise": Number(
        0.2646,
        "The best σ is the root of the mean squared error: √((0.01 + 0.04 + 0.16)/3).",
        {
            0.07: "That is the mean squared error, σ². Take the root.",
            0.2333: "That is the mean size of the errors. A Gaussian asks for the root of their mean square.",
            0.4583: "That is the root of the sum of the squares. It is their mean that counts.",
            0.324: "That divides by two. The mean of the errors is given, 0; so it is the mean over three.",
            0.1247: "That is their spread around their own mean. Asked for is the spread around 0.",
            0.1528: "That is their spread around their own mean, divided by two. Take the mean square around 0.",
        },
        "Square the errors, take their mean, then the root.",
        5e-3,
    ),
    "four times as wide": Number(
        0.92,
        "More than nine in ten, where it was six with Q. A wider proposal wastes draws where P(X|z) is small, but it "
        "reaches the posteriors that Q misses.",
        {
            0.85: "That is the share for twice as wide. What is it for four times?",
            0.6: "That is the share for Q itself. Has the new proposal been used, in the draws and in the weights?",
            0.08: "That is the share of the bars that miss. Asked for is the rest.",
        },
        "Four times the standard deviation is log σ² plus 2 log 4. Hand the wider Gaussian to "
        "evidence.importance_sampling, and count as above.",
        0.03,
        unit="from 0 to 1",
    ),
    "gap of the learned": Number(
        2.16,
        "On test digits it is 6.2 nats. From these digits to those the ELBO falls by 6.8 nats: 2.7 are log P(X)'s, so "
        "prior and decoder have learned a little by heart, and 4.0 are the encoder's, which has learned more.",
        {
            6.19: "That is the gap on the test digits. Compute it on the first 359 training digits.",
            4.03: "That is the difference of the two gaps.",
            2.74: "That is by how much log P(X) itself falls from training to test digits.",
            2.49: "That is the gap over all the training digits. Asked for is that of the first 359.",
            -2.16: "The sign is flipped. The gap is log P(X) less the ELBO, and never negative.",
            1.32: "That is the median of the gaps. Asked for is their mean.",
            23.98: "That is log P(X) itself. Take the ELBO off.",
            21.82: "That is the ELBO itself. By how much does log P(X) exceed it?",
        },
        "The gap is log P(X), by summed and on_grid, less the ELBO, by evidence.elbo_terms; then the mean.",
        0.08,
        unit="nats",
    ),
    "fair memoriser": Number(
        0.134,
        "It is as far, in each pixel, as a digit is from the most similar ones. On the test digits that gives about "
        "29.6 nats: more than the VAE with two latents, 21.2, and less than the one with twelve.",
        {
            0.02: (
                "That is the σ of the chapter's memoriser. If the digit itself is left in, the smallest σ always wins."
            ),
            0.1: (
                "About there the smallest σ that you tried would win if the digit itself were left in. Left out, the "
                "best is larger: at 0.1 the training digits have 23.6 nats, seven less than at the best σ."
            ),
        },
        "Set the diagonal of torch.cdist(digits.train, digits.train) ** 2 to infinity, so that no digit finds itself, "
        "and try σ from 0.1 to 0.18.",
        0.0125,
    ),
}

QUICK: Final = (
    Question(
        "Importance sampling gives log P(X) from a few draws. Which way does it err on average?",
        Wrong(
            "Neither: the average of the weights is unbiased",
            "The average is. Its logarithm is not, because the logarithm bends downwards.",
        ),
        Right(
            "Downwards",
            "By Jensen's inequality the mean of the logarithm is at most the logarithm of the mean, which is log P(X).",
        ),
        Wrong(
            "Upwards: the largest weights carry the average",
            "They do, but most runs do not have them. A typical run is too low.",
        ),
    ),
    Question(
        "1,000 draws give log P(X) with a tiny error bar. Is the truth within two of them?",
        Wrong(
            "Yes, about 95 times in 100",
            "For an honest bar. On the model with two latents it was about six in ten.",
        ),
        Wrong("Yes, if there are no fewer than 1,000 draws", "The six in ten had 1,000 draws for each digit."),
        Right(
            "Only if Q reaches wherever the posterior does",
            "A bar made of draws cannot know what no draw has seen.",
        ),
    ),
    Question(
        "Each of the eight digits gets the best Gaussian of its own, and most of the gap is gone. Whose was it?",
        Right(
            "The encoder's",
            "One rule has to serve all pictures, and it misplaces Q. That part of the gap is the amortization.",
        ),
        Wrong(
            "The Gaussian's: the posterior has a shape that it cannot take",
            "Then Gaussians of their own would have left the gap. They left a tenth of a nat on average.",
        ),
        Wrong(
            "The decoder's: it cannot draw these digits",
            "The gap is between Q and the posterior of this very decoder. A digit that it cannot draw has a low log "
            "P(X).",
        ),
    ),
    Question(
        "A VAE is trained with binary cross-entropy on grey pixels. Is the loss minus a log P(X|z)?",
        Wrong(
            "Yes: each pixel is a coin that shows 1 with probability p",
            "For pixels that are 0 or 1. Over grey values the area under its exponential is a half at p = 0.5, and "
            "never 1.",
        ),
        Wrong(
            "No, but the difference is a constant that may be dropped",
            "The missing factor depends on p, which is what the network computes.",
        ),
        Right(
            "No: it is the logarithm of no density",
            "Its exponential does not integrate to 1. As a loss it may serve, as a log P(X) it must not be quoted.",
        ),
    ),
)
