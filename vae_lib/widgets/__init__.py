"""Sliders and pictures that compute in the browser: one Python class and one ES module for each."""

from vae_lib.widgets.answer import Answer
from vae_lib.widgets.digit_pad import DigitPad
from vae_lib.widgets.equation_4_explorer import Equation4Explorer
from vae_lib.widgets.integral_explorer import IntegralExplorer
from vae_lib.widgets.kl_explorer import KLExplorer
from vae_lib.widgets.kl_plane_explorer import KLPlaneExplorer
from vae_lib.widgets.latent_explorer import LatentExplorer
from vae_lib.widgets.latent_sliders import LatentSliders
from vae_lib.widgets.machine import Machine
from vae_lib.widgets.own_slider import OwnSlider
from vae_lib.widgets.quick_questions import QuickQuestions
from vae_lib.widgets.reparameterization_explorer import ReparameterizationExplorer
from vae_lib.widgets.series_explorer import SeriesExplorer
from vae_lib.widgets.training_explorer import TrainingExplorer

__all__ = [
    "Answer",
    "DigitPad",
    "Equation4Explorer",
    "IntegralExplorer",
    "KLExplorer",
    "KLPlaneExplorer",
    "LatentExplorer",
    "LatentSliders",
    "Machine",
    "OwnSlider",
    "QuickQuestions",
    "ReparameterizationExplorer",
    "SeriesExplorer",
    "TrainingExplorer",
]
