"""The language of the book's drawings: an SVG of a few strokes.

One language for all: ink for what is computed, the terms' colours for what Eq. (4) names, dashes for what is only a
distribution, a dot for what was drawn from one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from html import escape
from typing import Final

from vae_lib import palette

DIGITS: Final = {
    2: ("..####..", ".##..##.", ".....##.", "....##..", "...##...", "..##....", ".##...#.", ".######."),
    7: (".######.", ".....##.", ".....##.", "....##..", "...##...", "...##...", "..##....", "..##...."),
    0: ("..####..", ".##..##.", ".##..##.", ".##..##.", ".##..##.", ".##..##.", ".##..##.", "..####.."),
}

Point = tuple[float, float]


RULES: Final = (
    "path{stroke:var(--c)}text,.solid{fill:var(--c);stroke:none}.wash{fill:var(--c);fill-opacity:.16}"
    ".soft{fill-opacity:.72}.faint{fill-opacity:.2}.back{stroke-width:2.5;stroke-dasharray:1 5}"
    ".thin{stroke-width:1;opacity:.6}.dash{stroke-dasharray:4 4}.dim{opacity:.34}.note{font-size:13px}"
)


def style() -> str:
    """What a drawing wears where no page dresses it; on the site ``book.css`` has the same rules."""
    light, dark = (
        f"svg{{--c:{ink}}}" + "".join(f".{name}{{--c:{shade[index]}}}" for name, shade in palette.TERMS.items())
        for index, ink in enumerate(palette.NEUTRALS["ink"])
    )
    return f"{light}@media(prefers-color-scheme:dark){{{dark}}}{RULES}"


def squares(cells: Iterable[tuple[int, int]], x: float, y: float, step: float) -> str:
    """Pixels at (row, column) as one path."""
    return "".join(f"M{x + c * step:g} {y + r * step:g}h{step:g}v{step:g}h-{step:g}z" for r, c in cells)


class Drawing:
    """Strokes in the order in which they are laid down."""

    def __init__(self, width: int, height: int) -> None:
        self.size = (width, height)
        self.parts: list[str] = []

    def path(self, d: str, *names: str) -> None:
        kind = f' class="{" ".join(names)}"' if names else ""
        self.parts.append(f'<path{kind} d="{d}"/>')

    def text(self, at: Point, words: str, *names: str, anchor: str = "middle") -> None:
        kind = f' class="{" ".join(names)}"' if names else ""
        where = "" if anchor == "middle" else f' text-anchor="{anchor}"'
        self.parts.append(f'<text{kind}{where} x="{at[0]:g}" y="{at[1]:g}">{escape(words)}</text>')

    def group(self, lit: bool, draw: Callable[[], None]) -> None:
        """A part of the drawing, pale unless it is what the page is about."""
        self.parts.append("<g>" if lit else '<g class="dim">')
        draw()
        self.parts.append("</g>")

    def box(self, x: float, y: float, width: float, height: float, *names: str, r: float = 5) -> None:
        self.path(
            f"M{x + r:g} {y:g}h{width - 2 * r:g}q{r} 0 {r} {r}v{height - 2 * r:g}q0 {r} -{r} {r}"
            f"h-{width - 2 * r:g}q-{r} 0 -{r} -{r}v-{height - 2 * r:g}q0 -{r} {r} -{r}z",
            *names,
        )

    def ellipse(self, at: Point, rx: float, ry: float, *names: str) -> None:
        self.path(
            f"M{at[0] - rx:g} {at[1]:g}a{rx:g} {ry:g} 0 1 0 {2 * rx:g} 0a{rx:g} {ry:g} 0 1 0 -{2 * rx:g} 0z", *names
        )

    def arrow(self, start: Point, end: Point, *names: str, bend: Point | None = None) -> None:
        """A line with a head at its end, straight or bent towards a point."""
        x, y = bend or start
        angle = math.atan2(end[1] - y, end[0] - x)
        wings = [(end[0] - 7 * math.cos(angle + turn), end[1] - 7 * math.sin(angle + turn)) for turn in (-0.45, 0.45)]
        way = f"L{end[0]:g} {end[1]:g}" if bend is None else f"Q{x:g} {y:g} {end[0]:g} {end[1]:g}"
        head = f"M{wings[0][0]:.1f} {wings[0][1]:.1f}L{end[0]:g} {end[1]:g}L{wings[1][0]:.1f} {wings[1][1]:.1f}"
        self.path(f"M{start[0]:g} {start[1]:g}{way}", *names)
        self.path(head, *(name for name in names if name not in ("dash", "back")))

    def node(self, at: Point, words: str, *names: str, width: float = 40) -> None:
        """A number in a rounded box, its middle at a point."""
        self.box(at[0] - width / 2, at[1] - 15, width, 30, *names)
        self.text((at[0], at[1] + 5), words, *names)

    def circle(self, at: Point, words: str, *names: str) -> None:
        self.ellipse(at, 14, 14, *names)
        self.text((at[0], at[1] + 5), words, *names)

    def picture(self, x: float, y: float, side: float = 72, *, soft: bool = False, digit: int = 2) -> None:
        """A digit of 8×8 pixels; a soft one is what a decoder gives."""
        step = side / 8
        self.box(x - 2, y - 2, side + 4, side + 4, r=3)
        inked = [
            (row, column) for row, line in enumerate(DIGITS[digit]) for column, dot in enumerate(line) if dot == "#"
        ]
        self.path(squares(inked, x, y, step), "solid", *(["soft"] if soft else []))
        if soft:
            near = {(row + a, column + b) for row, column in inked for a, b in ((0, 1), (1, 0), (0, -1), (-1, 0))}
            around = sorted(cell for cell in near - set(inked) if max(cell) < 8 and min(cell) >= 0)
            self.path(squares(around, x, y, step), "solid", "faint")

    def network(self, x: float, y: float, sizes: tuple[float, ...], name: str) -> None:
        """Layers as bars around a height ``y``, joined at their ends."""
        for index, size in enumerate(sizes):
            left = x + 24 * index
            self.box(left, y - size, 10, 2 * size, r=3)
            for after in sizes[index + 1 : index + 2]:
                for side in (-1, 1):
                    self.path(f"M{left + 10:g} {y + side * size:g}L{left + 24:g} {y + side * after:g}", "thin")
        self.text((x + 29, y + 68), name)

    def bracket(self, start: Point, width: float, depth: float, *names: str) -> None:
        """Three sides of a box: what a word below (or, with a negative depth, above) is said of."""
        self.path(f"M{start[0]:g} {start[1]:g}v{depth:g}h{width:g}v{-depth:g}", *names)

    def curve(
        self, f: Callable[[float], float], box: tuple[float, float, float, float], span: Point, *names: str
    ) -> None:
        """A function over ``span`` drawn into a box of (x, y, width, height); 1 is the box's height."""
        x, y, width, height = box
        low, high = span
        steps = [low + (high - low) * index / 60 for index in range(61)]
        spots = [f"{x + width * (u - low) / (high - low):.1f} {y + height * (1 - f(u)):.1f}" for u in steps]
        self.path("M" + "L".join(spots), *names)

    def svg(self) -> str:
        """The drawing as a file, which wears its colours wherever no page dresses it."""
        width, height = self.size
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            'fill="none" font-family="system-ui, sans-serif" font-size="16" text-anchor="middle" stroke-width="1.5" '
            f'stroke-linejoin="round" stroke-linecap="round"><style>{style()}</style>{"".join(self.parts)}</svg>\n'
        )
