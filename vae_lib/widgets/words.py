"""Every word that a widget shows, in one place: a translation of the widgets is a translation of this file.

One dictionary for each widget. Names in braces are filled in by the widget's ES module.
"""

from __future__ import annotations

from typing import Final

Words = dict[str, str]

SHARED: Final[Words] = {
    "bad_weights": "This picture cannot be drawn: the decoder's weights do not fit its layers or are not finite "
    "numbers. Make the widget again from a model that decodes to finite pictures.",
}

LATENT_EXPLORER: Final[Words] = {
    **SHARED,
    "name": "Latent space explorer",
    "map_caption": "Latent space: one dot for each digit, at its code",
    "map_caption_no_codes": "Latent space",
    "map_name": "Map of the latent space. Arrow keys move z, Shift makes larger steps, Home returns to the origin.",
    "map_role": "map",
    "digit_caption": "Decoded digit f(z)",
    "digit_name": "The digit that the decoder draws at z",
    "axis_1": "z₁",
    "axis_2": "z₂",
    "slider_1": "z₁",
    "slider_2": "z₂",
    "slider_text": "{axis} = {value}",
    "z": "z = ({z1}, {z2})",
    "near": "Most codes near z: {label}",
    "near_none": "No codes near z",
    "prior_1": "P(z): 1 sd",
    "prior_2": "2 sd",
    "hint": "Drag the ring, or move the sliders. With the map in focus, the arrow keys move z; "
    "Shift makes larger steps, Home returns to the origin.",
}

KL_EXPLORER: Final[Words] = {
    "bad_gaussian": "This picture cannot be drawn: q and p must each be a mean from −4 to 4 and a standard deviation "
    "from 0.1 to 4, such as [1.0, 0.5]. Set them again to such numbers.",
    "name": "The KL divergences between two Gaussians",
    "densities_caption": "Two Gaussian densities over z",
    "densities_name": "The densities Q and P over z. Q: mean {q_mean}, width {q_width}. "
    "P: mean {p_mean}, width {p_width}.",
    "integrand_caption_qp": "What D[Q‖P] adds up at each z: Q(z) log(Q(z) / P(z))",
    "integrand_caption_pq": "What D[P‖Q] adds up at each z: P(z) log(P(z) / Q(z))",
    "integrand_name": "The integrand of {direction}. Above zero, filled: {positive} nats. "
    "Below zero, hatched: {negative} nats.",
    "area": "Filled {positive} less hatched {negative} makes {total} nats.",
    "area_beyond": "Part of it lies beyond the axis.",
    "plus": "+{value}",
    "minus": "−{value}",
    "bars_caption": "Both directions, in nats, on bars from 0 to {end}",
    "qp": "D[Q‖P]",
    "pq": "D[P‖Q]",
    "nats": "{value} nats",
    "q": "Q",
    "p": "P",
    "axis": "z",
    "mean_q": "Q mean",
    "width_q": "Q width",
    "mean_p": "P mean",
    "width_p": "P width",
    "mean_spoken": "mean of {name} = {value}",
    "width_spoken": "width of {name}, its standard deviation, = {value}",
    "live": "D[Q‖P] = {qp} nats, D[P‖Q] = {pq} nats",
    "hint": "Drag a ring, or move the sliders; a width is a standard deviation. Mark a direction to see what it adds "
    "up. Where the curves cross, at the dashed lines, what it adds changes sign.",
}

EQUATION_4_EXPLORER: Final[Words] = {
    **SHARED,
    "bad_numbers": "This picture cannot be drawn: X, σ, and the mean and width of Q must be numbers, and σ and the "
    "width greater than 0. Set them again, for example x = 1.5, sigma = 0.5, q = [0.8, 0.4].",
    "name": "Equation (4) explorer",
    "densities_caption": "The exact posterior of z, and a Gaussian Q to lay over it",
    "densities_name": "Densities over z from −4 to 4: the exact posterior P(z|X), the Gaussian Q with mean {mean} and "
    "width {std}, and the prior P(z)",
    "axis": "z",
    "posterior": "P(z|X)",
    "q": "Q(z|X)",
    "prior": "P(z)",
    "bars_caption": "Equation (4), line by line, in nats",
    "evidence": "log P(X)",
    "gap": "gap",
    "elbo": "ELBO",
    "reconstruction": "reconstruction",
    "kl": "KL to the prior",
    "minus": "−",
    "equals": "=",
    "mean": "Q’s mean",
    "std": "Q’s width",
    "x": "X",
    "sigma": "σ",
    "slider_text": "{name} = {value}",
    "ascend": "Ascend",
    "stop": "Stop",
    "live": "log P(X) {evidence}, ELBO {elbo}, gap {gap} nats",
    "hint": "Drag Q by its ring, or move the sliders. Ascend takes up to 40 gradient steps uphill on the ELBO, and "
    "moves only Q.",
}
