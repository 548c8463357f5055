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
