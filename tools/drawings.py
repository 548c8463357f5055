"""Draws the book's drawings: ``python tools/drawings.py`` writes ``book/drawings/``.

The machine is drawn once, and a chapter lights its own part of it; the pages of chapter 10 change it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from drawing import Drawing
from drawings_beyond import BEYOND

OUT: Final = Path(__file__).parents[1] / "book" / "drawings"

# The machine. Its two layouts, in a row and for a phone, differ in where the parts are and in how the lines run.

PARTS: Final = ("x", "encoder", "q", "noise", "prior", "kl", "z", "decoder", "fz", "reconstruction", "elbo")
MAP: Final = 128


class Machine(Drawing):
    """A variational autoencoder from the picture X to the picture f(z), in a row."""

    size = (700, 262)
    x, encoder, mean, width = (14, 70), (112, 106), (206, 82), (206, 130)
    map, noise, decoder, fz = (272, 42), (226, 200), (424, 106), (510, 70)

    def __init__(self, lit: Iterable[str] = PARTS) -> None:
        super().__init__(*self.size)
        self.middle = (self.map[0] + MAP / 2, self.map[1] + MAP / 2)
        self.cloud = (self.middle[0] + 21, self.middle[1] - 17)
        self.point = (self.middle[0] + 28, self.middle[1] - 13)
        on = set(lit)
        self.box(*self.map, MAP, MAP, "thin")
        for name in PARTS:
            self.group(name in on, getattr(self, f"draw_{name}"))

    def draw_x(self) -> None:
        self.picture(*self.x)
        self.text((self.x[0] + 36, self.x[1] - 10), "X")

    def draw_encoder(self) -> None:
        x, y = self.encoder
        self.arrow((self.x[0] + 78, y), (x - 4, y))
        self.network(x, y, (44, 33, 22), "encoder")
        self.arrow((x + 62, y - 6), (self.mean[0] - 23, self.mean[1] + 4))
        self.arrow((x + 62, y + 6), (self.width[0] - 23, self.width[1] - 4))

    def draw_q(self) -> None:
        self.node(self.mean, "μ", "posterior")
        self.node(self.width, "s", "posterior")
        self.ellipse(self.cloud, 17, 11, "posterior", "wash")
        self.text((self.cloud[0] + 4, self.map[1] + 16), "Q(z|X)", "posterior", "note")
        self.lead_to_q()

    def lead_to_q(self) -> None:
        x, y = self.cloud
        self.arrow((self.mean[0] + 22, self.mean[1]), (x - 19, y - 1), "posterior")
        self.arrow(
            (self.width[0] + 22, self.width[1]), (x - 13, y + 10), "posterior", bend=(self.map[0] + 36, self.width[1])
        )

    def draw_noise(self) -> None:
        x, y = self.noise
        self.circle((x, y), "ε", "dash")
        self.text((x, y + 32), "drawn from N(0, I)", "note")
        self.arrow((x + 16, y - 4), (self.point[0] - 3, self.point[1] + 6), "dash", bend=(self.point[0] - 20, y - 14))

    def draw_prior(self) -> None:
        for radius in (22, 44):
            self.ellipse(self.middle, radius, radius, "prior", "dash")
        self.text((self.map[0] + 22, self.map[1] + MAP - 9), "P(z)", "prior", "note")

    def draw_kl(self) -> None:
        x, y = self.cloud
        self.path(
            f"M{self.middle[0] - 30:g} {self.middle[1] - 34:g}V20H{x + 26:g}M{x + 15:g} {y - 9:g}V20", "kl", "dash"
        )
        self.text((x + 32, 25), "KL: how far Q is from the prior", "kl", "note", anchor="start")

    def draw_z(self) -> None:
        self.ellipse(self.point, 3.5, 3.5, "solid")
        self.text((self.point[0] + 7, self.point[1] + 22), "z")

    def draw_decoder(self) -> None:
        x, y = self.decoder
        self.arrow((self.point[0] + 7, self.point[1]), (x - 4, y), bend=(self.map[0] + MAP, self.point[1]))
        self.network(x, y, (22, 33, 44), "decoder")
        self.arrow((x + 62, y), (self.fz[0] - 6, y))

    def draw_fz(self) -> None:
        self.picture(*self.fz, soft=True)
        self.text((self.fz[0] + 36, self.fz[1] - 10), "f(z)")
        self.text((self.fz[0] + 82, self.fz[1] + 42), "± σ", anchor="start")

    def draw_reconstruction(self) -> None:
        self.bracket((self.x[0] + 36, 150), 496, 102, "reconstruction", "dash")
        self.text((410, 244), "reconstruction: how well f(z) fits X", "reconstruction", "note")

    def draw_elbo(self) -> None:
        self.text((694, 196), "log P(X) ≥", "evidence", anchor="end")
        self.text((694, 218), "reconstruction − KL", "note", anchor="end")


class TallMachine(Machine):
    """The same for a phone: down on the right, and back to the left."""

    size = (350, 486)
    x, encoder, mean, width = (36, 58), (148, 94), (264, 70), (264, 118)
    map, noise, decoder, fz = (206, 184), (110, 270), (206, 412), (36, 376)

    def lead_to_q(self) -> None:
        x, y = self.cloud
        self.arrow((self.mean[0] + 22, self.mean[1]), (x + 8, y - 13), "posterior", bend=(x + 26, self.mean[1] + 14))
        self.arrow((self.width[0], self.width[1] + 17), (x - 10, y - 12), "posterior", bend=(self.width[0], y - 40))

    def draw_kl(self) -> None:
        self.text((194, 214), "KL: how far Q is", "kl", "note", anchor="end")
        self.text((194, 230), "from the prior", "kl", "note", anchor="end")
        self.path(f"M198 218H{self.middle[0] - 34:g}M198 226H{self.cloud[0] - 19:g}", "kl", "dash")

    def draw_decoder(self) -> None:
        x, y = self.decoder
        self.arrow((self.point[0] + 6, self.point[1] + 4), (x + 63, y), bend=(self.map[0] + MAP + 16, y - 20))
        self.network(x, y, (44, 33, 22), "decoder")
        self.arrow((x - 6, y), (self.fz[0] + 80, y))

    def draw_fz(self) -> None:
        self.picture(*self.fz, soft=True)
        self.text((self.fz[0] + 36, self.fz[1] - 10), "f(z) ± σ")

    def draw_reconstruction(self) -> None:
        self.path(f"M30 94H14V{self.fz[1] + 36:g}H30", "reconstruction", "dash")
        self.text((22, 330), "reconstruction:", "reconstruction", "note", anchor="start")
        self.text((22, 346), "how well f(z) fits X", "reconstruction", "note", anchor="start")

    def draw_elbo(self) -> None:
        self.text((175, 18), "log P(X) ≥ reconstruction − KL", "evidence")


def two_models() -> Drawing:
    """Chapter 1: the codes of an autoencoder lie anywhere; those of a VAE pay for leaving the prior."""
    d = Drawing(620, 206)
    for left, words in ((96, "autoencoder"), (396, "VAE")):
        d.box(left, 34, 128, 128, "thin")
        d.text((left + 64, 22), words)
    for x, y in ((176, 48), (186, 62), (194, 52), (202, 70), (208, 58), (150, 74), (130, 96), (120, 112), (112, 132)):
        d.ellipse((x, y), 3, 3, "posterior", "solid")
    d.text((188, 134), "?")
    d.text((160, 184), "codes lie wherever", "note")
    d.text((160, 200), "training left them", "note")
    for radius in (22, 46):
        d.ellipse((460, 98), radius, radius, "prior", "dash")
    for x, y in ((452, 92), (474, 84), (440, 110), (470, 112), (458, 66), (430, 88), (494, 104), (452, 134)):
        d.ellipse((x, y), 7, 5, "posterior", "wash")
    d.arrow((501, 66), (478, 82), "kl", "dash")
    d.text((508, 60), "at a price", "kl", "note", anchor="start")
    d.text((460, 184), "each Q(z|X) is held near P(z),", "note")
    d.text((460, 200), "from which we draw", "note")
    return d


def plate() -> Drawing:
    """The graph of the model: for each picture a z, and from z its X; θ is the decoder's."""
    d = Drawing(300, 190)
    d.box(70, 12, 160, 166, "thin")
    d.text((214, 168), "N", "note")
    d.circle((150, 50), "z")
    d.ellipse((150, 134), 16, 16, "wash")
    d.circle((150, 134), "X")
    d.arrow((150, 65), (150, 116))
    d.text((24, 98), "θ")
    d.arrow((36, 96), (134, 126))
    d.text((244, 54), "P(z)", "prior", anchor="start")
    d.text((244, 138), "P(X|z)", anchor="start")
    return d


def average() -> Drawing:
    """Eq. (1): many z from the prior, what each makes, how well it fits X, and the mean of that."""
    d = Drawing(640, 226)
    middle = (84, 110)
    for radius in (26, 56):
        d.ellipse(middle, radius, radius, "prior", "dash")
    d.text((84, 190), "z drawn from P(z)", "prior", "note")
    rows = ((100, 84, 0.18), (58, 116, 0.95), (104, 140, 0.1))
    for index, (x, y, fit) in enumerate(rows):
        line = 42 + 68 * index
        d.ellipse((x, y), 3.5, 3.5, "solid")
        d.arrow((x + 8, y), (216, line), "thin")
        d.picture(222, line - 24, 48, soft=True, digit=(7, 2, 0)[index])
        d.arrow((276, line), (316, line))
        d.path(f"M324 {line - 9}h{100 * fit:g}v18h-{100 * fit:g}z", "reconstruction", "wash")
        d.arrow((436, line), (508, 110 + 8 * (index - 1)), "thin")
    d.text((246, 218), "f(z)")
    d.text((374, 218), "P(X|z): does it fit X?", "reconstruction", "note")
    d.text((548, 104), "the mean", "note")
    d.text((548, 126), "P(X)", "evidence")
    return d


def two_sums() -> Drawing:
    """Chapter 2: the integral by draws from the prior, and by squares."""
    d = Drawing(560, 196)
    for left, words in ((60, "draw and average"), (360, "a grid")):
        d.box(left, 30, 140, 140, "thin")
        d.text((left + 70, 18), words)
        for radius in (26, 54):
            d.ellipse((left + 70, 100), radius, radius, "prior", "dash")
        d.ellipse((left + 44, 77), 13, 8, "evidence", "wash")
    spots = ((100, 118), (140, 88), (122, 104), (158, 122), (133, 141), (112, 62), (86, 128), (170, 76), (151, 53))
    for x, y in (*spots, (98, 105), (128, 118), (146, 102), (120, 84), (110, 138), (76, 96)):
        d.ellipse((x, y), 2.5, 2.5, "solid")
    d.ellipse((103, 76), 3.5, 3.5, "evidence", "solid")
    d.path("".join(f"M{360 + 14 * k} 30v140M360 {30 + 14 * k}h140" for k in range(1, 10)), "thin")
    d.path("".join(f"M{388 + 14 * c} {72 - 14 * r}h14v14h-14z" for r in (0,) for c in (0, 1)), "evidence", "wash")
    d.text((130, 190), "one of many finds the place", "note")
    d.text((430, 190), "every square is asked", "note")
    return d


def normal(mean: float, variance: float) -> Callable[[float], float]:
    """The density of a Gaussian."""
    return lambda u: math.exp(-((u - mean) ** 2) / (2 * variance)) / math.sqrt(2 * math.pi * variance)


def four_curves() -> Drawing:
    """Prior, likelihood, posterior and a Q of the model on a line, z ~ N(0, 1), X|z ~ N(z, 0.25), at X = 1."""
    d = Drawing(560, 222)
    box, span = (20, 30, 520, 160), (-2.6, 3.0)
    curves = (
        ("prior", normal(0, 1), "P(z)", (122, 150), ("dash",)),
        ("reconstruction", normal(1, 0.25), "P(X|z) as z varies", (500, 120), ()),
        ("gap", normal(0.8, 0.2), "P(z|X)", (262, 42), ()),
        ("posterior", normal(0.5, 0.5), "Q(z|X)", (206, 118), ()),
    )
    for name, density, words, at, more in curves:
        d.curve(lambda u, density=density: density(u), box, span, name, *more)
        d.text(at, words, name, "note")
    d.path("M20 190H540")
    for tick in (-2, -1, 0, 1, 2):
        x = 20 + 520 * (tick + 2.6) / 5.6
        d.path(f"M{x:.1f} 190v5", "thin")
        d.text((x, 212), str(tick).replace("-", "−"), "note")
    d.text((540, 212), "z", "note")
    return d


def tangent() -> Drawing:
    """Chapter 3: log a lies below its tangent a − 1."""
    d = Drawing(420, 176)
    box, span = (70, 20, 280, 130), (0.1, 3.0)
    d.curve(lambda a: (math.log(a) + 2.4) / 4.4, box, span, "kl")
    d.path("M70 105.7L350 20", "prior")
    d.path("M60 79.1H362")
    spot = 70 + 280 * 0.9 / 2.9
    d.ellipse((spot, 79.1), 3.5, 3.5, "solid")
    d.text((spot, 98), "a = 1", "note")
    d.text((268, 32), "a − 1", "prior", "note")
    d.text((330, 62), "log a", "kl", "note")
    return d


def jensen() -> Drawing:
    """Chapter 4: the log of the mean weight lies above the mean of the logs, by the gap."""
    d = Drawing(520, 196)
    left, unit = 90, 46  # of log w, upwards from y = 92; w runs over 90 pixels for 1

    def at(w: float) -> tuple[float, float]:
        return left + 90 * w, 92 - unit * math.log(w)

    d.curve(lambda w: (math.log(w) + 2.2) / 3.4, (left + 10.8, 92 - 1.2 * unit, 315, unit * 3.4), (0.12, 3.62))
    small, large = at(0.35), at(3.25)
    middle = (0.35 + 3.25) / 2
    top, low = at(middle), (left + 90 * middle, (small[1] + large[1]) / 2)
    d.path(f"M{small[0]:g} {small[1]:.1f}L{large[0]:g} {large[1]:.1f}", "dash")
    for x, y in (small, large):
        d.ellipse((x, y), 3.5, 3.5, "solid")
    d.path(f"M{top[0]:g} {top[1]:.1f}V{low[1]:.1f}", "gap")
    d.ellipse(top, 3.5, 3.5, "evidence", "solid")
    d.ellipse(low, 3.5, 3.5, "posterior", "solid")
    d.text((top[0] - 4, top[1] - 12), "log of the mean w = log P(X)", "evidence", "note", anchor="end")
    d.text((low[0] + 10, low[1] + 18), "mean of log w = ELBO", "posterior", "note", anchor="start")
    d.text((top[0] - 6, (top[1] + low[1]) / 2 + 5), "gap", "gap", "note", anchor="end")
    d.text((small[0] + 10, small[1] + 14), "a small weight", "note", anchor="start")
    d.text((large[0] + 6, large[1] + 22), "a large one", "note", anchor="start")
    return d


def balance() -> Drawing:
    """Both sides of Eq. (4) as bars of one scale, which end at the same place."""
    d = Drawing(600, 214)
    start, elbo, evidence, reconstruction = 40, 300, 420, 520
    rows = (
        (74, evidence, "evidence", "log P(X)", "gap", "𝒟[Q‖P(z|X)]"),
        (126, reconstruction, "reconstruction", "reconstruction", "kl", "𝒟[Q‖P(z)]"),
    )
    for y, end, name, words, taken, less in rows:
        d.path(f"M{start} {y}H{end}v22H{start}", name, "wash")
        d.text((start + 96, y + 16), words, name, "note")
        up = y < 100
        d.bracket((elbo, y - 5 if up else y + 27), end - elbo, -14 if up else 14, taken)
        d.text(((elbo + end) / 2, y - 27 if up else y + 60), f"− {less}", taken, "note")
    d.path(f"M{elbo} 44V180", "dash")
    d.text((elbo, 200), "the ELBO, from either side")
    return d


def graphs() -> Drawing:
    """Chapter 5: the gradient (dotted) stops at a draw, and passes where the noise comes from outside."""
    d = Drawing(660, 236)
    d.text((150, 22), "z drawn from N(μ, s²)")
    d.text((486, 22), "z = μ + s·ε, with ε drawn apart")
    for left in (0, 346):
        d.node((left + 30, 74), "μ", "posterior")
        d.node((left + 30, 138), "s", "posterior")
        d.node((left + 266, 106), "g(z)", width=52)
        d.arrow((left + 194, 102), (left + 238, 102))
        d.arrow((left + 238, 112), (left + 195, 112), "back")
    d.circle((178, 106), "z", "dash")
    d.arrow((52, 76), (162, 100), "dash")
    d.arrow((52, 136), (162, 112), "dash")
    d.path("M158 128l-10 14M166 130l-10 14")
    d.text((158, 166), "the gradient stops here", "note")
    d.circle((524, 106), "z")
    d.circle((452, 138), "×")
    d.circle((478, 74), "+")
    d.circle((452, 204), "ε", "dash")
    forth = ((398, 138, 436, 138), (452, 188, 452, 154), (457, 123, 470, 90), (398, 71, 462, 71), (493, 78, 511, 94))
    back = ((505, 101, 489, 89), (464, 82, 400, 80), (464, 88, 450, 122), (438, 147, 400, 147))
    for ways, names in ((forth, ()), (back, ("back",))):
        for x, y, to_x, to_y in ways:
            d.arrow((x, y), (to_x, to_y), *names)
    d.text((474, 210), "nothing flows into ε", "note", anchor="start")
    return d


def two_gradients() -> Drawing:
    """Chapter 5: the gradient (dotted) reaches the decoder's θ, and the encoder's φ only past a draw."""
    d = Drawing(640, 150)
    d.circle((24, 62), "X")
    for left, name, parameters in ((128, "encoder", "φ"), (368, "decoder", "θ")):
        d.box(left, 40, 96, 44)
        d.text((left + 48, 67), name)
        d.text((left + 48, 28), parameters, "posterior" if left == 128 else "reconstruction")
    d.circle((296, 62), "z", "dash")
    d.node((584, 62), "log P(X|z)", "reconstruction", width=96)
    d.arrow((40, 62), (126, 62))
    d.arrow((226, 62), (280, 62), "dash")
    d.arrow((312, 62), (366, 62))
    d.arrow((466, 62), (534, 62))
    d.arrow((534, 96), (420, 96), "back")
    d.arrow((416, 96), (300, 96), "back")
    d.path("M288 88l-10 14M296 90l-10 14")
    d.text((476, 120), "∇θ gets here", "note")
    d.text((300, 120), "∇φ would have to pass a draw", "note", anchor="end")
    return d


def loop() -> Drawing:
    """One turn of training, with the sizes of chapter 6."""
    d = Drawing(700, 250)
    sizes = (
        (30, 64, "X"),
        (100, 128, ""),
        (170, 64, ""),
        (248, 0, "μ, log s²"),
        (330, 0, "z"),
        (420, 64, ""),
        (490, 128, ""),
        (560, 64, "f(z)"),
    )
    heights = {64: 38, 128: 60, 0: 14}
    before = None
    for x, size, words in sizes:
        half = heights[size]
        if before is not None:
            d.arrow((before + 8, 92), (x - 8, 92), "thin")
        name = ("posterior",) if words.startswith("μ") else ()
        d.box(x - 6, 92 - half, 12, 2 * half, *name, r=3)
        d.text((x, 92 - half - 8), words or str(size), *name, *(() if words else ("note",)))
        if words:
            d.text((x, 92 + half + 18), str(size or (4 if words.startswith("μ") else 2)), "note")
        before = x
    d.text((136, 176), "encoder")
    d.text((490, 176), "decoder")
    d.text((642, 88), "two terms", "note")
    d.text((642, 106), "of Eq. (4)", "note")
    d.arrow((574, 92), (606, 92), "thin")
    d.path("M642 118V224H30", "back")
    d.arrow((30, 224), (30, 156), "back")
    d.text((336, 214), "backward: a gradient for each weight; Adam takes a step; the next 64 pictures", "note")
    return d


def gaps() -> Drawing:
    """Chapter 8: from the ELBO of the encoder's Q up to log P(X), by way of the best Gaussian."""
    d = Drawing(600, 190)
    levels = (
        (34, "log P(X)", "evidence"),
        (86, "ELBO of the best Gaussian Q for this X", "posterior"),
        (150, "ELBO of the encoder's Q", "posterior"),
    )
    for y, words, name in levels:
        d.path(f"M190 {y}H300", name)
        d.text((312, y + 5), words, name, "note", anchor="start")
    for top, bottom, words in ((34, 86, "approximation gap"), (86, 150, "amortization gap")):
        d.path(f"M182 {top + 3}h-10V{bottom - 3}h10", "gap")
        d.text((162, (top + bottom) / 2 + 5), words, "gap", "note", anchor="end")
    d.text((280, 182), "nats, more is better, upwards", "note")
    return d


CHAPTERS: Final = {
    "1": ("x", "encoder", "z", "decoder", "fz"),
    "2": ("x", "prior", "z", "decoder", "fz"),
    "3": ("x", "encoder", "q", "prior"),
    "4": ("x", "q", "prior", "kl", "z", "decoder", "fz", "reconstruction", "elbo"),
    "5": ("encoder", "q", "noise", "z", "decoder"),
    "6": PARTS,
    "7": ("prior", "z", "decoder", "fz"),
    "8": ("elbo", "reconstruction", "kl"),
    "9": ("q", "prior", "fz", "elbo"),
}

CHANGED: Final = (
    ("kl",),
    ("encoder", "decoder"),
    ("q", "z", "elbo"),
    ("fz", "reconstruction"),
    ("prior", "kl"),
    ("prior", "q", "z"),
    ("z",),
    ("prior", "z"),
)


def beyond(page: int) -> Drawing:
    """Chapter 10: the same machine, with what a page changes in it."""
    m = Machine(("x", "encoder", "decoder", "fz", *CHANGED[page - 1]))
    (x, y), (left, top) = m.point, m.map
    if page == 1:
        m.text((x + 228, 25), "× β", "kl", anchor="start")
    elif page == 2:
        for at in (141, 453):
            m.node((at, 210), "c", width=30)
            m.arrow((at, 194), (at, 182))
    elif page == 3:
        for a, b in ((-15, -3), (-8, 5), (-7, -8), (-1, 3)):
            m.ellipse((x + a, y + b), 3, 3, "solid")
        m.text((left + MAP / 2, top + MAP + 20), "k draws", "note")
    elif page == 4:
        m.ellipse((m.fz[0] + 98, m.fz[1] + 37), 20, 15, "reconstruction")
        m.text((m.fz[0] + 108, m.fz[1] + 70), "learned", "reconstruction", "note")
    elif page == 5:
        for a, b, rx, ry in ((34, 88, 20, 14), (92, 46, 24, 18), (46, 40, 16, 24), (94, 96, 18, 12)):
            m.ellipse((left + a, top + b), rx, ry, "prior", "wash")
    elif page == 6:
        m.node((356, 214), "z₂", width=36)
        m.arrow((352, 198), (348, top + MAP + 3))
        m.text((382, 200), "P(z₁|z₂)", "prior", "note", anchor="start")
    elif page == 7:
        for spot in range(25):
            m.ellipse((left + 20 + 22 * (spot % 5), top + 20 + 22 * (spot // 5)), 2.5, 2.5, "solid")
        m.ellipse((left + 86, top + 42), 8, 8, "posterior")
    else:
        for step in range(7):
            m.ellipse(
                (left + 14 + 11 * step, top + MAP - 14 - 9 * step), 1.5 + step / 4, 1.5 + step / 4, "prior", "solid"
            )
        m.arrow((left + 82, top + 58), (x - 4, y + 5), "prior")
    return m


def places() -> Drawing:
    """Where the eight pages of chapter 10 change the machine."""
    m = Machine()
    spots = ((602, 22), (112, 46), (686, 172), (632, 112), (286, 156), (386, 156), (386, 60), (350, 150))
    for page, at in enumerate(spots, 1):
        m.ellipse(at, 10, 10, "evidence")
        m.text((at[0], at[1] + 5), str(page), "evidence", "note")
    return m


def drawings() -> Iterator[tuple[str, Drawing]]:
    """Every drawing, with the name of its file; what ends in ``-tall`` is for a phone."""
    for make in (
        two_models,
        plate,
        average,
        two_sums,
        four_curves,
        tangent,
        jensen,
        balance,
        graphs,
        two_gradients,
        loop,
        gaps,
        places,
        *BEYOND,
    ):
        yield make.__name__.replace("_", "-"), make()
    for name, lit in CHAPTERS.items():
        yield f"machine-{name}", Machine(lit)
        yield f"machine-{name}-tall", TallMachine(lit)
    for page in range(1, 9):
        yield f"beyond-{page}", beyond(page)


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    for name, drawing in drawings():
        (OUT / f"{name}.svg").write_text(drawing.svg(), "utf-8")
