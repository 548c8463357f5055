"""Every word that a widget shows, in one place: a translation of the widgets is a translation of this file.

One dictionary for each widget. Names in braces are filled in by the widget's ES module.
"""

from __future__ import annotations

from typing import Final

from vae_lib.exercises.checking import LEAD

Words = dict[str, str]

NOT_DRAWN: Final = "{name}. This widget is drawn where its notebook runs, and on the book's site."
"""In its place in a notebook that became a page of its own."""

SHARED: Final[Words] = {
    "bad_weights": "This picture cannot be drawn: the decoder's weights do not fit its layers or are not finite "
    "numbers. Make the widget again from a model that decodes to finite pictures.",
}

MAP: Final[Words] = {
    "axis_1": "z₁",
    "axis_2": "z₂",
    "prior_1": "P(z): 1 sd",
    "prior_2": "2 sd",
}
"""On the map of two latent numbers."""

POINT: Final[Words] = {
    "map_name": "Map of the latent space. Arrow keys move z, Shift makes larger steps, Home returns to the origin.",
    "map_role": "map",
    "z": "z = ({z1}, {z2})",
}
"""Of a point to move about on the map."""

NEAR: Final[Words] = {
    "near": "Most codes near z: {label}",
    "near_none": "No codes near z",
}
"""Of the codes about z."""

PLAYER: Final[Words] = {
    "play": "Play",
    "pause": "Pause",
}
"""Of what plays by itself."""

SIGNS: Final[Words] = {
    "minus": "−",
    "equals": "=",
}
"""Between the rows of an equation."""

NATS: Final[Words] = {
    "nats": "{value} nats",
}
"""Behind a number."""

PAD: Final[Words] = {
    "bad_weights": "This picture cannot be drawn: the encoder's or the decoder's weights do not fit their layers or "
    "are not finite numbers. Make the widget again from a model for pictures of 28 × 28 pixels.",
    "clear": "Clear",
    "example_digit": "Handwritten {label}",
    "example": "Example {number}",
    "pair": "({first}, {second})",
    "no_number": "–",
}
"""Of a pad to draw on, and what the model makes of the drawing."""

COURSE: Final[Words] = {
    "example_names": "abcde",
    "epoch_axis": "epoch",
    "curve_reconstruction": "reconstruction",
    "curve_kl": "KL",
    "curve_elbo": "ELBO",
}
"""Of examples and of curves over the epochs."""

LATENT_EXPLORER: Final[Words] = {
    **PLAYER,
    **NEAR,
    **POINT,
    **MAP,
    **SHARED,
    "name": "Latent space explorer",
    "map_caption": "Latent space: one dot for each picture, at its code",
    "map_caption_no_codes": "Latent space",
    "example_caption": "Decoded picture f(z)",
    "example_name": "The picture that the decoder draws at z",
    "slider_1": "z₁",
    "slider_2": "z₂",
    "slider_text": "{axis} = {value}",
    "about": "The encoder’s Q(z|X) for this {label}: mean ({m1}, {m2}), width ({s1}, {s2})",
    "about_class": "The encoder’s Q(z|X) for this one of {label}: mean ({m1}, {m2}), width ({s1}, {s2})",
    "about_unlabelled": "The encoder’s Q(z|X) for this code: mean ({m1}, {m2}), width ({s1}, {s2})",
    "q": "Q(z|X)",
    "lens": "Q(z|X), ×{times}",
    "walk_name": "A walk between two classes",
    "walk_from": "Walk from",
    "walk_to": "to",
    "walk_position": "On the way",
    "walk_text": "{share} of the way from {from} to {to}",
    "backdrop": "Show what the decoder draws everywhere",
    "hint": "Drag the ring, or move the sliders. With the map in focus, the arrow keys move z; "
    "Shift makes larger steps, Home returns to the origin.",
    "hint_codes": "Rest on a dot to see Q(z|X), the small Gaussian that the encoder gives for its X, with "
    "ellipses at 1 and 2 widths, its standard deviations.",
}

LATENT_EXPLORER_ROWS: Final[Words] = {
    "map_caption": "Latent space: one dot for each row, at its code",
    "example_caption": "Decoded row f(z), in the table’s units; bars reach to 3 sd about each mean",
    "example_name": "The row that the decoder makes of z",
}
"""What it says in other words of a table."""

KL_EXPLORER: Final[Words] = {
    **NATS,
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
    **SIGNS,
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

REPARAMETERIZATION_EXPLORER: Final[Words] = {
    "bad_numbers": "This picture cannot be drawn: mu must be a number from −3 to 3, sigma from 0.1 to 2, samples a "
    "whole number from 0 to 4000, seed a whole number from 0 to 4294967295, and wrt “mu” or “sigma”. Set them again to "
    "such values.",
    "name": "Reparameterization explorer",
    "paths_caption": "Twelve draws of ε, held. Each is carried to its z\u00a0=\u00a0μ\u00a0+\u00a0sε",
    "paths_name": "Twelve draws of ε, each joined by a line to z = μ + sε, with μ = {mu} and s = {sigma}. "
    "Arrows show ∂z/∂{by}: {arrows}.",
    "arrows_mu": "1 for every draw",
    "arrows_sigma": "ε, which differs from draw to draw",
    "noise": "ε ~ N(0, 1)",
    "q": "z ~ Q = N(μ, s²)",
    "g": "g(z) = z²",
    "noise_axis": "ε",
    "axis": "z",
    "path_mu": "∂z/∂μ = 1",
    "path_sigma": "∂z/∂s = ε",
    "mu": "μ",
    "sigma": "s",
    "slider_text": "{name} = {value}",
    "by": "Gradient by",
    "by_mu": "μ",
    "by_sigma": "s",
    "anew": "New ε",
    "score_mu": "Score function: each draw gives z²(z − μ)/s²",
    "score_sigma": "Score function: each draw gives z²((z − μ)²/s³ − 1/s)",
    "pathwise_mu": "Pathwise: each draw gives 2z · ∂z/∂μ = 2z",
    "pathwise_sigma": "Pathwise: each draw gives 2z · ∂z/∂s = 2zε",
    "score_name": "Histogram of the score-function estimates. {numbers}",
    "pathwise_name": "Histogram of the pathwise estimates. {numbers}",
    "exact": "exact gradient {value}",
    "left": "◂ {count}",
    "right": "{count} ▸",
    "mean_none": "No draws yet. Exact variance {exact}.",
    "mean_one": "One draw: {mean}. Exact variance {exact}.",
    "mean": "Mean {mean} ± {error}, variance {variance} (exact: {exact}).",
    "beyond": "Beyond the axis: {left} left, {right} right.",
    "draw": "Draw",
    "pause": "Pause",
    "samples": "draws",
    "samples_spoken": "{value} draws",
    "verdict": "To be equally sure of the gradient, the score function needs {ratio} times as many draws.",
    "live": "Exact gradient {exact}. {count} draws: score function {score}, pathwise {pathwise}.",
    "live_mean": "{mean} ± {error}",
    "live_none": "Exact gradient {exact}. The score function needs {ratio} times as many draws.",
    "hint": "Drag the ring, or move μ and s: the ε stay where they are. New ε draws others. Draw fills the histograms; "
    "when they are full, it starts again with new ε. The dot below the bars is the mean of the draws. Its whiskers "
    "are one standard error long: about as far off as such a mean tends to be.",
}

INTEGRAL_EXPLORER: Final[Words] = {
    **NATS,
    **MAP,
    **SHARED,
    "bad_numbers": "This picture cannot be drawn: draws must be a whole number from 1 to 4096, seed a whole number "
    "from 0 to 4294967295, and sigma a number greater than 0. Set them again to such numbers, or make the widget "
    "again.",
    "name": "Equation (1) by draws",
    "map_caption": "Draws of z from P(z). The larger a dot, the more its P(X|z) adds to the sum",
    "map_name": "Map of the latent space with {draws} draws from P(z). {carriers} of them carry 99 % of the sum and "
    "are filled dots, the others small rings. The draw that counts most is at z = ({z1}, {z2}).",
    "x_caption": "X",
    "x_name": "The picture X",
    "most_caption": "f(z) of the marked draw",
    "most_name": "The picture f(z) that the draw with the largest share decodes to",
    "share_one": "With one draw, that draw is the whole sum.",
    "share": "The draw that counts most, marked on the map, carries {share} % of the sum.",
    "share_all": "The draw that counts most, marked on the map, carries more than {share} % of the sum.",
    "carriers": "{carriers} of {draws} draws, the filled dots, carry 99 % of it. The small rings add next to nothing.",
    "carriers_all": "All {draws} draws are needed to carry 99 % of it.",
    "chart_caption": "The estimate of log P(X), in nats, as draws are added. Nine in ten runs of n draws end in the "
    "shaded band",
    "chart_name": "The running estimate of log P(X) against the number of draws. After {draws}: {estimate} nats. "
    "Exact: {exact}. Nine in ten runs of so many draws end between {low} and {high}.",
    "exact_line": "exact log P(X)",
    "below": "lower still",
    "draws_axis": "n",
    "estimate": "Estimate",
    "exact": "Exact",
    "difference": "Difference",
    "effective": "Effective draws",
    "effective_of": "{effective} of {draws}",
    "working": "Decoding draw {done} of {draws} …",
    "draws": "draws",
    "sigma": "σ",
    "draws_spoken": "{value} draws",
    "sigma_spoken": "σ = {value}",
    "sigma_own": "σ = {value}, the model’s own",
    "anew": "New draws",
    "live": "{draws} draws, σ = {sigma}: estimate {estimate} nats, exact {exact}, difference {difference}, effective "
    "draws {effective}",
    "hint": "Move the sliders, or drag the ring on the curve to add draws. σ is the spread of P(X|z) around f(z); the "
    "model’s own is {own}. Effective draws: as many draws with equal shares would carry the sum as well.",
}

DIGIT_PAD: Final[Words] = {
    **PAD,
    **SIGNS,
    **NEAR,
    **MAP,
    "name": "Draw a digit",
    "pad_caption": "Draw a digit",
    "pad_name": "Drawing pad, for mouse, pen or finger. Without one, choose one of the pictures that follow.",
    "invite": "Draw here",
    "undo": "Undo",
    "examples_caption": "Or choose: test digits, a scribble, a cross",
    "example_scribble": "A scribble",
    "example_cross": "A cross",
    "x_caption": "Seen as X",
    "x_name": "The picture X of 28 by 28 pixels that the encoder sees",
    "q_caption": "Encoder: Q(z|X)",
    "epsilon_caption": "Chance: ε",
    "z_caption": "Together: z = μ + sε",
    "f_caption": "Decoder: f(z)",
    "f_name": "The picture f(z) that the decoder makes of z",
    "mean": "μ =",
    "std": "s =",
    "epsilon": "ε =",
    "z": "z =",
    "resample": "Resample",
    "resample_hint": "draws a new ε, and with it a new z.",
    "beyond": "z lies beyond the edge of the map.",
    "map_caption": "Latent space: test digits as dots, each at its code",
    "map_caption_no_codes": "Latent space",
    "map_name": "Map of the latent space. Q(z|X): mean {mean}, standard deviation {std}. z = {z}.",
    "map_name_empty": "Map of the latent space, with no Q(z|X) yet",
    "lens": "Q(z|X), {times}× larger",
    "lens_z": "z",
    "lens_mean": "μ",
    "fit_caption": "How well it fits, in nats",
    "fit_caption_usual": "How well it fits, in nats: nine of ten test digits lie within the bars, and as many to the "
    "left of the line as to its right",
    "log_likelihood": "log P(X|z)",
    "kl": "KL to the prior",
    "elbo": "ELBO, with this z",
    "usual": "test digits",
    "row_spoken": "{value} nats; nine of ten test digits lie from {low} to {high}",
    "row_spoken_alone": "{value} nats",
    "verdict_below": "log P(X|z) is lower than for 95 of 100 test digits: the model does not expect such an X at z.",
    "verdict_within": "log P(X|z) lies where nine of ten test digits have theirs.",
    "verdict_above": "log P(X|z) is higher than for 95 of 100 test digits: f(z) comes very close to X.",
    "empty": "Draw something, or choose a picture.",
    "not_finite": "The model gives no finite numbers for this picture.",
    "live": "log P(X|z) = {log_likelihood} nats. {near}. {verdict}",
    "hint": "A drawing is shrunk and centred as MNIST’s digits were. Then the encoder turns X into a Gaussian "
    "Q(z|X) with mean μ and standard deviation s. A random ε picks the point z = μ + sε, and the decoder turns it "
    "into f(z), the mean of P(X|z).",
}

KL_PLANE_EXPLORER: Final[Words] = {
    **MAP,
    "bad_gaussian": "This picture cannot be drawn: mean must be two numbers from −4 to 4, and std two numbers from "
    "0.02 to 3, such as mean = [1.2, −0.5], std = [0.4, 0.7]. Set them again to such numbers.",
    "name": "The KL of Q to the prior, over two latent numbers",
    "map_caption": "Q(z|X) and the prior P(z)",
    "map_name": "Map of two latent numbers with the prior’s circles of 1 and 2 standard deviations, and Q as an "
    "ellipse. Center of Q: {m1}, {m2}. Widths: {s1}, {s2}.",
    "q": "Q(z|X)",
    "bars_caption": "KL to the prior, in nats; bars end at {end}",
    "distance": "distance",
    "width": "width",
    "total": "Sum",
    "distance_means": "distance, ½μ²: for a center away from 0",
    "width_means": "width, ½(s² − 1 − log s²): for a width s other than 1",
    "sum": "The KL is a sum over the latent numbers. A Q equal to the prior costs 0.",
    "mean_1": "μ₁",
    "mean_2": "μ₂",
    "std_1": "s₁",
    "std_2": "s₂",
    "mean_spoken": "center of Q in {axis} = {value}",
    "std_spoken": "width of Q in {axis}, its standard deviation, = {value}",
    "preset_prior": "The prior itself",
    "preset_sure": "A sure code",
    "digits_caption": "Or the Q that an encoder makes of a test digit:",
    "preset_digit": "Q of a test digit {label}",
    "live": "KL to the prior {total} nats: {one} for z₁ and {two} for z₂",
    "hint": "Drag Q by its center, and each width by its small ring, or move the sliders. The ellipses are Q’s 1 and 2 "
    "standard deviations (sd). A sure code makes Q narrow where it stands.",
}

LATENT_SLIDERS: Final[Words] = {
    **SHARED,
    "bad_numbers": "This picture cannot be drawn: kl must be one number for each latent number of the decoder, "
    "in nats, at least 0. Make the widget again with such numbers.",
    "name": "Latent sliders",
    "picture_caption": "Decoded picture f(z)",
    "picture_name": "The picture that the decoder draws at z",
    "origin": "Origin",
    "draw": "Draw from the prior",
    "digits_caption": "Or start from the code of an example:",
    "digit": "Start from the code of an example: {label}",
    "summary": "{used} of {all} latent numbers are used. One whose KL is under {unused} nats is marked unused.",
    "latent": "z{index}",
    "kl_head": "KL in nats",
    "change_head": "change",
    "kl": "KL ",
    "nats": " nats",
    "change": "change ",
    "unused": "unused",
    "slider_text": "{latent} = {value}",
    "said_origin": "All latent numbers are 0",
    "said_draw": "A new draw from the prior",
    "said_digit": "The code of an example: {label}",
    "said_slider": "From end to end, the slider of {latent} changes a pixel by at most {change}",
    "hint": "KL is what a latent number costs, averaged over the test set. Change is the largest change of a pixel’s "
    "brightness, which lies between 0 and 1, while that slider goes from end to end and the others stay as they are.",
}

LATENT_SLIDERS_ROWS: Final[Words] = {
    "picture_caption": "Decoded row f(z)",
    "picture_name": "The row that the decoder makes of z, in the table’s units",
    "said_slider": "From end to end, the slider of {latent} changes a column by at most {change} standard deviations",
    "hint": "KL is what a latent number costs, averaged over the test set. Change is the largest change of a column, "
    "in its standard deviations, while that slider goes from end to end and the others stay as they are. Bars reach to "
    "3 standard deviations about each mean.",
}
"""What they say in other words of a table."""

SERIES_EXPLORER: Final[Words] = {
    **COURSE,
    **NATS,
    **PLAYER,
    **POINT,
    **MAP,
    **SHARED,
    "bad_series": "This picture cannot be drawn: each model of the series needs its value, its figures in nats, its "
    "codes and its Q(z|X) of the examples, all as finite numbers. Make the widget again from a whole series.",
    "name": "One slider through a series of models",
    "beta_slider": "β",
    "epoch_slider": "Epoch",
    "beta_value": "β = {value}",
    "epoch_value": "epoch {value}",
    "beta_spoken": "β = {value}, model {place} of {count}",
    "epoch_spoken": "epoch {value}, stop {place} of {count}",
    "map_caption": "Latent space: a dot for each test picture, at its code; ellipses: Q(z|X) of a to e, 1 sd",
    "beyond_none": "All {total} codes lie on the map.",
    "beyond": "{count} of {total} codes lie beyond the edge: triangles.",
    "samples_caption": "Samples: f(z) at {count} draws of z from the prior, the same for all models",
    "samples_name": "{count} pictures that the decoder draws from the prior, at {at}",
    "pairs_caption": "Test pictures X, and below each its reconstruction f(μ(X))",
    "pairs_name": "Test pictures a to {last}, and below each its reconstruction, at {at}",
    "example_name": "The picture that the decoder draws at z",
    "example_caption": "At the ring: f(z)",
    "beta_chart_caption": "What a model pays and what it gets: each point is one model, on the test pictures",
    "beta_chart_name": "Distortion over rate, one point for each β. At {at}: rate {rate} nats, distortion "
    "{distortion} nats.",
    "epoch_chart_caption": "Both terms and the ELBO over the epochs, in nats, on the test pictures",
    "epoch_chart_name": "Reconstruction, KL and ELBO over the epochs. At {at}: reconstruction {reconstruction}, "
    "KL {kl}, ELBO {elbo} nats.",
    "rate_axis": "rate R: KL, nats",
    "distortion_axis": "distortion D: −reconstruction, nats",
    "slope": "slope −β",
    "rate": "rate R: KL to the prior",
    "distortion": "distortion D: −reconstruction",
    "reconstruction": "reconstruction",
    "kl": "KL to the prior",
    "beta_elbo": "ELBO: −D − R",
    "epoch_elbo": "ELBO: their difference",
    "active": "latents in use",
    "active_value": "{active} of 2",
    "equal_sigma": "At σ = {sigma}, this β asks for the same model as β = 1 would at σ√β = {equal}.",
    "plain": "β = 1 leaves Eq. (4) as it is, with σ = {sigma}.",
    "collapsed": "Collapsed: Q is the prior for every X, so all samples are alike.",
    "below": "{at}: {value}, below the picture",
    "beta_live": "β = {value}: rate {rate}, distortion {distortion}, ELBO {elbo} nats. {note}",
    "epoch_live": "Epoch {value}: reconstruction {reconstruction}, KL {kl}, ELBO {elbo} nats.",
    "beta_hint": "Move the slider, or pick a point of the curve. For the best model at its β, the curve falls with the "
    "slope −β, the dashed line; on test pictures it need not, where a model has overfitted. Drag the ring on the map, "
    "or use the arrow keys, to see f(z) there.",
    "epoch_hint": "Move the slider, or pick a place in the curves. Drag the ring on the map, or use the arrow keys, to "
    "see f(z) there.",
}

TRAINING_EXPLORER: Final[Words] = {
    **COURSE,
    **NATS,
    **MAP,
    "bad_training": "This picture cannot be drawn: the pictures, sizes, settings or weights do not fit. Make the "
    "widget again, or set parameters to b'' to begin anew.",
    "name": "A VAE that learns in the page",
    "train": "Train",
    "pause": "Pause",
    "one_step": "One step",
    "reset": "Reset",
    "progress": "Epoch {epoch}, step {step} of {steps}",
    "progress_time": "Epoch {epoch}, step {step} of {steps}; {time} ms a step",
    "not_finite": "Epoch {epoch}, step {step}: the loss or its gradient is no number any more, so this step was not "
    "taken. The steps were too long, or the loss has no lowest value. Change what you set, then press Reset.",
    "one_not_finite": "The loss of this one digit, or its gradient, is no number any more, so this step was not taken. "
    "The steps were too long, or the loss has no lowest value. Change what you set, then press Reset.",
    "no_number": "no number",
    "said": "epoch {epoch}, loss {loss}",
    "said_paused": "Paused at epoch {epoch}, loss {loss}",
    "said_reset": "Back at the start",
    "map_caption": "Latent space: a dot for each digit, at its μ(X); dashed: the prior at 1 and 2 sd; ellipses: Q(z|X) "
    "of the digits a to e, 1 sd",
    "map_name": "Map of the latent space with the codes of all digits, after {epoch} epochs",
    "grid_caption": "What the decoder draws everywhere on the map: f(z) at the middle of each cell",
    "grid_name": "Pictures f(z) on a grid over the map, from −{extent} to {extent}, after {epoch} epochs",
    "samples_caption": "Samples: f(z) at {count} draws of z from the prior, always the same",
    "samples_name": "{count} pictures that the decoder draws from the prior, after {epoch} epochs",
    "pairs_caption": "Digits X, and below each its reconstruction f(μ(X))",
    "pairs_name": "Digits a to e, and below each its reconstruction",
    "chart_caption": "Both terms and the ELBO, in nats: the mean over each epoch",
    "chart_name": "Reconstruction, KL and ELBO over the epochs. Epoch {epoch}: reconstruction {reconstruction}, "
    "KL {kl} nats.",
    "chart_empty": "Curves from the first epoch on",
    "reconstruction": "reconstruction",
    "kl": "KL",
    "elbo": "ELBO",
    "difference": "reconstruction − KL",
    "lr": "Learning rate",
    "lr_name": "learning rate",
    "beta": "β",
    "beta_name": "β, the weight of the KL",
    "sigma": "σ of P(X|z)",
    "sigma_name": "σ of P of X given z",
    "spoken": "{name} {value}",
    "sample_check": "Draw z from Q(z|X)",
    "kl_check": "Keep the KL term",
    "gradient": "Gradient",
    "gradient_pathwise": "through z = μ + sε",
    "gradient_score": "score function",
    "mistake": "Break it",
    "mistake_none": "no",
    "mistake_mean": "mean over pixels, not their sum",
    "mistake_sign": "KL with the wrong sign",
    "mistake_detached": "z cut off from the encoder",
    "seed": "Seed",
    "trained_vae": "Trained now: a VAE. The loss is −ELBO, minus the right side of Eq. (4).",
    "trained_beta": "Trained now: a VAE whose KL counts {beta} times.",
    "trained_no_kl": "Trained now: no VAE. Nothing keeps the codes near the prior, and nothing keeps Q wide.",
    "trained_point": "Trained now: z is μ(X), without noise. The KL still draws the codes to the prior.",
    "trained_autoencoder": "Trained now: a plain autoencoder. z is μ(X), without noise, and there is no KL term.",
    "trained_score": "The encoder learns from log P(X|z) times the slope of log Q(z|X): right on average, and noisy.",
    "trained_no_draw": "z is μ(X), without noise.",
    "trained_detached_score": "z cut off changes nothing here: the score function takes z as given.",
    "trained_mean": "Broken: the reconstruction counts 64 times less than it should.",
    "trained_sign": "Broken: the loss is paid for a larger KL.",
    "trained_detached": "Broken: the encoder hears nothing of the reconstruction.",
    "apart": "Take one step apart",
    "apart_about": "One digit, one ε. Forward: the numbers of the step; s(X) is the width of Q(z|X), not the σ of "
    "P(X|z). Back: what arrives as the slope of the loss L. Change Gradient or Break it above, and see which way is "
    "cut.",
    "apart_digit": "digit {name}",
    "apart_redraw": "Draw another ε",
    "apart_take": "Take this step",
    "apart_x": "The digit X",
    "apart_f": "What the decoder draws at z",
    "apart_x_caption": "X",
    "apart_f_caption": "f(z)",
    "apart_forward": "Forward",
    "apart_back": "Back",
    "apart_first": "z₁",
    "apart_second": "z₂",
    "apart_mean": "μ(X)",
    "apart_mean_how": "from the encoder",
    "apart_sd": "s(X)",
    "apart_sd_how": "from the encoder, as log s²",
    "apart_noise": "ε",
    "apart_noise_how": "drawn from N(0, I)",
    "apart_noise_point": "not drawn",
    "apart_z": "z",
    "apart_z_how": "μ + sε, into the decoder",
    "apart_z_point": "μ, into the decoder",
    "apart_reconstruction": "log P(X|z)",
    "apart_reconstruction_how": "how well f(z) explains X, in nats",
    "apart_kl": "KL",
    "apart_kl_how": "𝒟[Q(z|X)‖P(z)], exact, in nats",
    "apart_to_z": "∂L/∂z",
    "apart_to_z_how": "back through the decoder",
    "apart_to_z_score": "back through the decoder; the encoder does not hear it",
    "apart_to_z_detached": "back through the decoder; the encoder does not hear it",
    "apart_to_mean": "∂L/∂μ",
    "apart_to_mean_pathwise": "∂L/∂z",
    "apart_to_mean_point": "∂L/∂z",
    "apart_to_mean_score": "−log P(X|z){share} · ε/s",
    "apart_to_mean_detached": "",
    "apart_to_mean_kl": "βμ",
    "apart_to_mean_sign": "(−βμ)",
    "apart_to_sd": "∂L/∂s",
    "apart_to_sd_pathwise": "∂L/∂z · ε",
    "apart_to_sd_point": "",
    "apart_to_sd_score": "−log P(X|z){share} · (ε² − 1)/s",
    "apart_to_sd_detached": "",
    "apart_to_sd_kl": "β(s − 1/s)",
    "apart_to_sd_sign": "(−β(s − 1/s))",
    "apart_nothing": "nothing arrives",
    "apart_to_noise": "ε",
    "apart_to_noise_how": "no parameter stands behind it: here the way back ends",
    "apart_to_encoder": "encoder",
    "apart_to_encoder_how": "size of the slope at all its weights",
    "apart_to_decoder": "decoder",
    "apart_to_decoder_how": "size of the slope at all its weights",
    "apart_loss": "Loss L = {formula} = {loss} nats",
    "apart_loss_terms": "−log P(X|z){share}",
    "apart_loss_kl": "β KL",
    "apart_loss_sign": "(−β KL)",
    "apart_share": "/64",
    "apart_after": "Loss with this ε: before the step {before}, now {loss} nats",
    "hint": "A press on Train is good for 300 epochs. What you set counts from the next step on; Reset begins anew "
    "with the same seed.",
}

QUICK_QUESTIONS: Final[Words] = {
    "bad_questions": "These questions cannot be shown: each needs a text, answers with a reason, and for what is "
    "chosen the place of an answer, or −1 for none. Make the widget again from such questions.",
    "name": "Quick questions",
    "hint": "Choose an answer, and below it stands whether it is right, and why. You may choose again.",
    "right": "Right.",
    "wrong": "Not quite.",
    "score": "{right} of {count} right",
    "solution": "The right answer, and why",
}

ANSWER: Final[Words] = {
    "bad_answer": "This field cannot be shown: its rule or its answer does not fit. Make the widget again by the name "
    "of an exercise.",
    "name": "Your answer: {question}",
    "label": "Your answer",
    "first": "z₁",
    "second": "z₂",
    "check": "Check",
    "right": LEAD[True],
    "wrong": LEAD[False],
    "no_number": "Answer with one number, with a point where it needs one: 0.5, −3 or 1/3.",
    "no_place": "Answer with two numbers from −{edge} to {edge}.",
}

OWN_SLIDER: Final[Words] = {
    "bad_index": "This slider cannot be shown: it stands at no place that it has. Set its index to one of them.",
    "name": "A slider of your own",
    "setting": "{argument} = {value}",
    "picture": "What the function draws at {setting}",
    "live": "Let the slider go, and Python calls the function.",
    "film": "Here {count} stops were drawn beforehand. In a notebook the slider calls the function, at {all} values.",
    "needs_python": "In a notebook, with Python running, the slider moves and calls the function.",
}

MACHINE: Final[Words] = {
    **PAD,
    **POINT,
    **PLAYER,
    "name": "The whole machine: a digit, the encoder, the map, the decoder, and the digit that comes out",
    "x_caption": "X: draw a digit",
    "encoder_caption": "encoder",
    "map_caption": "map of digits",
    "decoder_caption": "decoder",
    "f_caption": "f(z): what comes out",
    "pad_name": "Drawing pad, for mouse, pen or finger. Without one, choose one of the digits that follow.",
    "invite": "draw here",
    "examples": "Or choose a digit",
    "strip_name": "Between the pictures: the encoder, its layers ever smaller down to the four numbers of Q, and the "
    "decoder, its layers ever larger. Each unit is lit by what runs through it.",
    "f_name": "The picture f(z) that the decoder makes of z",
    "mean": "μ =",
    "std": "s =",
    "z": "z =",
    "prior": "P(z)",
    "lens": "Q, ×{times}",
    "near": "Most digits near z: {label}",
    "near_none": "No digits near z",
    "live": "z = {z}. {near}",
    "live_q": "Q(z|X): mean {mean}, standard deviation {std}. {near}",
    "live_empty": "Nothing drawn: no Q(z|X).",
    "hint": "Draw on the left. Drag the ring on the map, or move it by the arrow keys.",
}

ANATOMY: Final[Words] = {
    **PLAYER,
    **SIGNS,
    "bad_weights": "This picture cannot be drawn: the networks' weights do not fit their layers, their pictures or σ, "
    "or are not finite numbers. Make the widget again from a model with two latents.",
    "bad_numbers": "This picture cannot be drawn: index must be the place of a picture, epsilon two numbers from −3 "
    "to 3, and gradient, node and lit one of their choices. Set them again to such values.",
    "name": "The whole machine at a glance",
    "nodes": "The parts of the machine and their numbers",
    "pictures": "Choose a picture X",
    "picture": "Picture: {label}",
    "label_x": "X",
    "label_encoder": "encoder",
    "label_mean": "μ",
    "label_log_var": "log s²",
    "label_exp": "exp: s",
    "label_epsilon": "ε",
    "label_times": "×",
    "label_plus": "+",
    "label_z": "z",
    "label_decoder": "decoder",
    "label_f": "f(z)",
    "label_likelihood": "P(X|z): f(z) ± σ",
    "label_prior": "P(z), Q",
    "label_kl": "KL",
    "label_reconstruction": "reconstruction",
    "label_elbo": "ELBO",
    "spoken_exp": "s",
    "spoken_eq_draw": " : over z drawn from Q",
    "spoken_eq_kl": " : from Q to the prior",
    "about_x": "X is the picture that goes in: {pixels} numbers from 0, no ink, to 1.",
    "about_encoder": "The encoder, a network of layers {encoder}: from the pixels to two numbers for each latent.",
    "about_mean": "μ, two numbers: the center of Q(z|X), where the encoder expects the z of this picture.",
    "about_log_var": "log s², two numbers: how wide Q(z|X) is, as a logarithm, so that any number will do.",
    "about_exp": "s = exp(½ log s²), two numbers above 0: the width of Q(z|X) in either direction.",
    "about_epsilon": "ε, two numbers drawn from N(0, I): the only chance in the machine.",
    "about_times": "s × ε, two numbers: the chance, brought to the width of Q.",
    "about_plus": "μ + sε, two numbers: a draw from Q(z|X), and a plain sum all the same.",
    "about_z": "z = ({value}), two numbers: all that the decoder is told of X.",
    "about_decoder": "The decoder, a network of layers {decoder}: from two numbers to a picture.",
    "about_f": "f(z) is the picture that comes out: {pixels} numbers, the mean of P(X|z).",
    "about_likelihood": "P(X|z): a Gaussian for each of the {pixels} pixels, f(z) in its middle, σ = {sigma} wide. "
    "Dots: X.",
    "about_prior": "P(z) = N(0, I), dashed at 1 and 2 widths: where z may lie before a picture is seen. In color: Q.",
    "about_kl": "KL, one number in nats: what Q(z|X) pays for being another than the prior.",
    "about_reconstruction": "log P(X|z), one number in nats, a sum over {pixels} pixels: how well f(z) fits X. "
    "Bars: what each pixel takes off.",
    "about_elbo": "ELBO = reconstruction − KL, one number in nats. On average over ε it is at most log P(X). "
    "Training climbs it.",
    "about_evidence": "log P(X): how probable the model finds this picture. No box computes it, as that takes every z "
    "there is; the ELBO lies below it.",
    "about_gap": "The gap: how far Q is from the true posterior, and the ELBO below log P(X). No box computes it.",
    "about_backward": "backward() carries the slope of the loss, −ELBO, back along every line, by the chain rule. "
    "It ends in the weights, φ of the encoder and θ of the decoder.",
    "about_step": "step() moves every weight a little downhill on the loss.",
    "no_slope": "no slope",
    "back_from": "Slope from {from}: {size}.",
    "back_weights": "Slope at all its weights: {size}.",
    "back_none_detached": "No slope arrives: detach() has cut z off.",
    "back_none_score": "No slope arrives this way: it goes from log P(X|z) straight to μ and s.",
    "back_none_undrawn": "No slope arrives: without a draw, s is not used.",
    "back_none_epsilon": "No slope goes in here: nothing that could learn stands behind ε.",
    "back_none_x": "No slope goes in here: X is given.",
    "back_none_prior": "No slope goes in here: the prior has nothing to learn.",
    "back_none_elbo": "Here the way back begins.",
    "equation": "Equation (4)",
    "eq_number": "(4)",
    "eq_evidence": "log P(X)",
    "eq_gap": "𝒟[Q(z|X)‖P(z|X)]",
    "eq_draw": "E_z∼Q",
    "eq_likelihood": "[log P(X|z)]",
    "eq_kl": "𝒟[",
    "eq_q": "Q(z|X)",
    "eq_bars": "‖",
    "eq_prior": "P(z)",
    "eq_end": "]",
    "code": "The same in ten lines of PyTorch",
    "line_1": "mean, log_var = encoder(x).chunk(2)",
    "line_2": "std = torch.exp(0.5 * log_var)",
    "line_3": "noise = torch.randn(2)",
    "line_4": "z = mean + std * noise",
    "line_4_point": "z = mean",
    "line_4_detached": "z = (mean + std * noise).detach()",
    "line_4_point_detached": "z = mean.detach()",
    "line_5": "f = decoder(z)",
    "line_6": "reconstruction = Normal(f, sigma).log_prob(x).sum()",
    "line_7": "kl = (mean**2 + std**2 - 1 - log_var).sum() / 2",
    "line_8": "loss = -(reconstruction - kl)",
    "line_8_score": "log_q = Normal(mean, std).log_prob(z).sum()\n"
    "loss = kl - reconstruction - reconstruction.detach() * log_q",
    "line_9": "loss.backward()",
    "line_10": "optimizer.step()",
    "anew": "New ε",
    "hold": "hold ε",
    "sample": "draw z from Q",
    "backward": "the way back",
    "epsilon_1": "ε₁",
    "epsilon_2": "ε₂",
    "slider_text": "{name} = {value}",
    "gradient": "Gradient",
    "gradient_pathwise": "through z = μ + sε",
    "gradient_detached": "cut: z.detach()",
    "gradient_score": "score function",
    "one_step": "One step",
    "reset": "Reset",
    "stepped": "Step {count}: ELBO {before} before it, {now} now.",
    "live": "ELBO {elbo} nats",
    "hint": "Point at a part, at a piece of Eq. (4) or at a line of code. Arrow keys go from one to the next.",
}
