"""The small drawings of the pages of chapter 10; ``drawings.py`` writes them with the others."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Final

from drawing import Drawing

Bell = Callable[[float], float]


def bell(mean: float, width: float, height: float = 1) -> Bell:
    """A hump of a height."""
    return lambda u: height * math.exp(-(((u - mean) / width) ** 2) / 2)


def slopes() -> Drawing:
    """10.1: between two points of a falling curve the slope lies between the slopes at the two."""
    d = Drawing(520, 164)
    d.curve(lambda u: math.exp(-u), (60, 20, 400, 110), (0, 3))
    for u, words, reach in ((0.5, "slope −β, dear", 60), (1.6, "slope −β, cheap", 90)):
        x, y, rise = 60 + 400 * u / 3, 130 - 110 * math.exp(-u), 110 * math.exp(-u) * 3 / 400
        d.path(f"M{x - reach:.1f} {y - reach * rise:.1f}L{x + reach:.1f} {y + reach * rise:.1f}", "kl", "dash")
        d.ellipse((x, y), 3.5, 3.5, "solid")
        d.text((x + 24, y - 10), words, "kl", "note", anchor="start")
    d.path("M60 14V140H476")
    d.text((476, 158), "rate R", "kl", "note", anchor="end")
    d.text((50, 26), "D", "reconstruction", "note")
    return d


def told() -> Drawing:
    """10.2: both z and c lead to X; whether c may lead to z as well is the question."""
    d = Drawing(420, 130)
    d.circle((120, 32), "z")
    d.circle((120, 100), "c")
    d.circle((240, 66), "X")
    d.arrow((135, 36), (225, 60))
    d.arrow((135, 96), (225, 72))
    d.arrow((120, 85), (120, 48), "prior", "dash")
    d.text((106, 71), "P(z|c)?", "prior", "note", anchor="end")
    d.text((262, 71), "P(X|z, c)", "note", anchor="start")
    return d


def ten_bars() -> Drawing:
    """10.2: P(X|c) for each digit c; their mean is P(X), the longest names the digit."""
    d = Drawing(600, 140)
    for c, high in enumerate((4, 7, 3, 12, 5, 4, 2, 82, 8, 30)):
        x = 70 + 28 * c
        d.path(f"M{x - 8} 112v-{high}h16v{high}z", "evidence", "wash" if c != 7 else "solid")
        d.text((x, 130), str(c), "note")
    d.path("M52 112H340")
    d.text((232, 44), "P(X|c)", "evidence", "note", anchor="end")
    d.text((356, 52), "the longest says which digit it is,", "note", anchor="start")
    d.text((356, 72), "the mean of all ten is P(X)", "note", anchor="start")
    return d


def shares() -> Drawing:
    """10.3: in the ELBO each draw pulls alike, in L_k by its share of the weights."""
    d = Drawing(560, 150)
    for left, words, lengths in ((70, "in the ELBO", (34,) * 5), (340, "in the bound over k", (92, 48, 18, 8, 3))):
        d.text((left + 50, 18), words)
        for row, long in enumerate(lengths):
            y = 40 + 21 * row
            d.ellipse((left, y), 3.5, 3.5, "posterior", "solid")
            d.arrow((left + 8, y), (left + 14 + long, y))
    d.text((120, 146), "each draw pulls alike", "note")
    d.text((390, 146), "each by its share of the weights", "note")
    return d


def best_sigma() -> Drawing:
    """10.4: log P(X|z) over σ: errors too dear at the left, unsure for nothing at the right."""
    d = Drawing(560, 164)
    d.curve(lambda u: (1.8 - 1 / (2 * u * u) - math.log(u)) / 1.42, (90, 24, 400, 100), (0.45, 3), "reconstruction")
    top = 90 + 400 * 0.55 / 2.55
    d.path(f"M{top:.1f} 30V128", "dash")
    d.path("M80 128H500")
    d.text((top, 16), "σ² = mean squared error", "note")
    d.text((top, 146), "σ", "note")
    d.text((102, 146), "errors too dear", "note", anchor="end")
    d.text((500, 52), "unsure for nothing", "note", anchor="end")
    return d


def pixel_widths() -> Drawing:
    """10.4: the width of a pixel in the middle, and of one that is always white."""
    d = Drawing(560, 158)
    for left, width, high, words in (
        (60, 0.5, 0.35, "a pixel in the middle"),
        (320, 0.05, 1, "one that is always white"),
    ):
        d.curve(bell(0, width, high), (left, 16, 180, 100), (-1.5, 1.5), "reconstruction")
        d.path(f"M{left - 6} 116H{left + 186}")
        d.text((left + 90, 140), words, "note")
    d.arrow((418, 40), (418, 20), "reconstruction")
    d.text((428, 36), "without end", "reconstruction", "note", anchor="start")
    return d


def cells() -> Drawing:
    """10.4: a density on the counts themselves, and on cells of width 1/17."""
    d = Drawing(560, 150)
    d.path("M40 112H240M320 112H520")
    for k in range(5):
        high = (84, 14, 8, 10, 6)[k]
        d.path(f"M{52 + 42 * k} 112v-{high}", "reconstruction")
        d.path(f"M{326 + 38 * k} 112v-{(60, 14, 8, 10, 6)[k]}h38v{(60, 14, 8, 10, 6)[k]}z", "reconstruction", "wash")
        d.text((52 + 42 * k, 128), str(k), "note")
        d.text((345 + 38 * k, 128), str(k), "note")
    d.arrow((66, 44), (66, 22), "reconstruction")
    d.text((140, 146), "on points: no upper limit", "note")
    d.text((420, 146), "on cells: at most 1 in all", "note")
    return d


def mismatch() -> Drawing:
    """10.5: the codes together, and the prior that they do not fill."""
    d = Drawing(480, 150)
    for radius in (30, 62):
        d.ellipse((140, 74), radius, radius, "prior", "dash")
    for x, y in ((106, 40), (120, 52), (170, 46), (184, 60), (176, 100), (160, 112), (112, 104), (128, 92), (150, 66)):
        d.ellipse((x, y), 8, 6, "posterior", "wash")
    d.arrow((250, 84), (200, 80))
    d.text((258, 88), "a hole: the prior draws here,", "note", anchor="start")
    d.text((258, 106), "and no code is near", "note", anchor="start")
    return d


def pseudo_inputs() -> Drawing:
    """10.5: the VampPrior's pictures that never were, by the encoder, to components of the prior."""
    d = Drawing(560, 130)
    for k, digit in enumerate((7, 0, 2)):
        d.picture(24 + 58 * k, 36, 44, soft=True, digit=digit)
    d.text((104, 108), "made-up pictures u", "note")
    d.arrow((206, 58), (236, 58))
    d.box(240, 34, 90, 48)
    d.text((285, 63), "encoder")
    d.arrow((334, 58), (364, 58))
    for a, b, rx, ry in ((404, 40, 22, 15), (448, 72, 26, 17), (480, 36, 16, 20)):
        d.ellipse((a, b), rx, ry, "prior", "wash")
    d.text((440, 108), "the prior's components Q(z|u)", "note")
    return d


def three_priors() -> Drawing:
    """10.5: the same codes, and three priors for them."""
    d = Drawing(560, 150)
    spots = ((-34, -22), (-20, -34), (22, -30), (36, -14), (28, 24), (12, 36), (-30, 28), (-14, 18), (4, -8))
    for x, words in ((90, "N(0, I)"), (280, "a mixture"), (470, "a VampPrior")):
        for a, b in spots:
            d.ellipse((x + a, 66 + b), 2.5, 2.5, "posterior", "solid")
        d.text((x, 140), words, "note")
    d.ellipse((90, 66), 50, 50, "prior", "wash")
    for a, b, rx, ry in ((-27, -28, 16, 14), (29, -22, 16, 16), (20, 30, 18, 14), (-22, 23, 18, 13), (4, -8, 9, 9)):
        d.ellipse((280 + a, 66 + b), rx, ry, "prior", "wash")
    for a, b in spots:
        d.ellipse((470 + a, 66 + b), 10, 7, "prior", "wash")
    return d


def bent() -> Drawing:
    """10.5: a bent posterior, the best Gaussian on it, and a Q that a flow has bent."""
    d = Drawing(560, 140)
    for left, words in ((130, "a Gaussian Q"), (400, "a Q that a flow has bent")):
        d.path(f"M{left - 80} 98Q{left} -52 {left + 80} 98L{left + 62} 102Q{left} -14 {left - 62} 102z", "gap", "wash")
        d.text((left, 134), words, "note")
    d.ellipse((130, 36), 38, 15, "posterior")
    d.path("M342 92Q400 -40 458 92L446 94Q400 -10 354 94z", "posterior")
    d.text((232, 84), "P(z|X)", "gap", "note")
    return d


def two_layers() -> Drawing:
    """10.6: from z2 to z1 to X, and Q's way back from X, from the top down."""
    d = Drawing(520, 136)
    for x, words in ((80, "z₂"), (230, "z₁"), (380, "X")):
        d.circle((x, 60), words)
    d.arrow((96, 56), (214, 56))
    d.arrow((246, 56), (364, 56))
    d.text((155, 46), "P(z₁|z₂)", "prior", "note")
    d.text((305, 46), "P(X|z₁)", "note")
    d.arrow((368, 72), (92, 72), "posterior", "dash", bend=(230, 150))
    d.arrow((366, 66), (246, 66), "posterior", "dash", bend=(306, 92))
    d.text((230, 132), "Q: first z₂ from X, then z₁ from both", "posterior", "note")
    return d


def shift() -> Drawing:
    """10.6: Q as what the picture changes in the prior: a shift and a width."""
    d = Drawing(480, 150)
    box, span = (40, 16, 400, 96), (-3.0, 3.6)
    d.curve(bell(-0.4, 1, 0.55), box, span, "prior", "dash")
    d.curve(bell(1.1, 0.55), box, span, "posterior")
    d.path("M40 112H440")
    middle, moved = 40 + 400 * 2.6 / 6.6, 40 + 400 * 4.1 / 6.6
    d.bracket((middle, 118), moved - middle, 8)
    d.text(((middle + moved) / 2, 144), "Δ", "posterior")
    d.text((middle - 60, 62), "P(z₁|z₂)", "prior", "note", anchor="end")
    d.text((moved + 44, 40), "Q(z₁|z₂, X)", "posterior", "note", anchor="start")
    return d


def without_the_upper() -> Drawing:
    """10.6: the lower layer does without the upper one."""
    d = Drawing(420, 76)
    d.group(False, lambda: d.circle((60, 34), "z₂"))
    d.circle((190, 34), "z₁")
    d.circle((320, 34), "X")
    d.arrow((206, 34), (304, 34))
    d.text((125, 39), "nothing", "note")
    d.text((60, 70), "KL = 0", "kl", "note")
    return d


def straight_through() -> Drawing:
    """10.7: forward by the nearest vector; backward as if the choice were not there."""
    d = Drawing(560, 140)
    d.box(20, 36, 90, 44)
    d.text((65, 63), "encoder")
    d.circle((160, 58), "e")
    d.circle((330, 58), "c")
    d.box(390, 36, 90, 44)
    d.text((435, 63), "decoder")
    for a, b in ((112, 145), (346, 388)):
        d.arrow((a, 58), (b, 58))
    d.arrow((176, 58), (314, 58), "dash")
    d.text((245, 48), "the nearest vector", "note")
    d.arrow((420, 90), (336, 76), "back", bend=(380, 108))
    d.arrow((324, 76), (166, 76), "back", bend=(245, 118))
    d.text((245, 126), "the gradient, as if the choice were not there", "note")
    return d


def diffusion() -> Drawing:
    """10.8: noise is added step by step; a network learns the way back."""
    d = Drawing(600, 130)
    for x, words in ((70, "z₀"), (190, "z₁"), (310, "z₂")):
        d.circle((x, 64), words)
    d.node((526, 64), "noise", width=58)
    for a, b in ((84, 176), (204, 296), (324, 380), (440, 496)):
        d.arrow((a, 56), (b, 56), "posterior")
        d.arrow((b, 72), (a, 72))
    d.text((410, 69), "…")
    d.text((290, 30), "Q adds a little noise: nothing to learn", "posterior", "note")
    d.text((290, 112), "P takes a little away: one network", "note")
    return d


def step_back() -> Drawing:
    """10.8: where z_t was before: what z_0 says, what the step says, and both together."""
    d = Drawing(560, 150)
    box, span = (40, 26, 480, 90), (-3.0, 3.0)
    d.curve(bell(-0.9, 0.8, 0.5), box, span, "prior", "dash")
    d.curve(bell(0.9, 0.55, 0.66), box, span, "posterior", "dash")
    d.curve(bell(0.32, 0.45, 0.95), box, span)
    d.path("M40 116H520")
    d.text((130, 62), "from z₀", "prior", "note")
    d.text((402, 62), "from zₜ, a step away", "posterior", "note", anchor="start")
    d.text((306, 18), "both together", "note")
    d.text((280, 138), "where the step before may have been", "note")
    return d


def four_sources() -> Drawing:
    """10.8: the same codes, and four laws to draw from."""
    d = Drawing(640, 150)
    names = ("N(0, I)", "their widths", "their covariance", "the diffusion")
    for k, words in enumerate(names):
        x = 80 + 160 * k
        for a, b in ((-46, 26), (-34, 22), (-28, 8), (-14, 10), (-4, -6), (10, 2), (16, -14), (30, -12), (44, -30)):
            d.ellipse((x + a, 66 + b), 2.5, 2.5, "posterior", "solid")
        d.text((x, 136), words, "note")
    d.ellipse((80, 66), 30, 30, "prior")
    d.ellipse((240, 66), 54, 36, "prior")
    d.path("M342 106Q336 80 388 52Q446 22 456 32Q462 46 412 78Q350 116 342 106z", "prior")
    d.path("M506 92Q500 82 528 68Q556 44 606 28Q616 30 606 44Q580 66 562 78Q520 104 506 92z", "prior")
    return d


def two_crowds() -> Drawing:
    """10.8: how alike within each of two crowds, and between them."""
    d = Drawing(520, 140)
    left = ((110, 40), (140, 60), (120, 88), (160, 90), (166, 44))
    right = ((330, 44), (360, 70), (340, 96), (384, 98), (390, 52))
    for spots, name in ((left, "posterior"), (right, "prior")):
        d.path("".join(f"M{a[0]} {a[1]}L{b[0]} {b[1]}" for a, b in itertools.pairwise(spots)), name, "thin")
        for at in spots:
            d.ellipse(at, 4, 4, name, "solid")
    d.path("M166 44L330 44M160 90L340 96M166 44L340 96", "dash")
    d.text((140, 124), "samples", "posterior", "note")
    d.text((360, 124), "test digits", "prior", "note")
    d.text((250, 24), "within, within, less twice between", "note")
    return d


BEYOND: Final = (
    slopes,
    told,
    ten_bars,
    shares,
    best_sigma,
    pixel_widths,
    cells,
    mismatch,
    pseudo_inputs,
    three_priors,
    bent,
    two_layers,
    shift,
    without_the_upper,
    straight_through,
    diffusion,
    step_back,
    four_sources,
    two_crowds,
)
