"""Sliders and pictures that compute in the browser: one Python class and one ES module for each."""

from vae_lib.widgets.equation_4_explorer import Equation4Explorer
from vae_lib.widgets.kl_explorer import KLExplorer
from vae_lib.widgets.latent_explorer import LatentExplorer

__all__ = ["Equation4Explorer", "KLExplorer", "LatentExplorer"]
