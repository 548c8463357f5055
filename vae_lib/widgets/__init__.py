"""Sliders and pictures that compute in the browser, with a kernel or without one."""

from vae_lib.widgets.latent_explorer import LatentExplorer

__all__ = ["LatentExplorer"]
