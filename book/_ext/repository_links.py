"""Where the book's repository lives, and all that follows from it: a Sphinx extension.

One setting names it, ``repository.url`` in ``_config.yml``; where ``GITHUB_REPOSITORY`` is in the environment, as it is
in a GitHub workflow, that names it instead. From it follow the buttons that open a chapter on Binder and on Colab, the
ones that lead to its source, and the address of the site, unless ``html.baseurl`` gives another one. With no repository
named there are none of these: no button leads nowhere.

``tools/repository.py`` writes the name where a notebook or the README has to repeat it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import NamedTuple

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

BINDER = "https://mybinder.org"
COLAB = "https://colab.research.google.com"


class Repository(NamedTuple):
    """A repository on GitHub: whose it is, and its name."""

    owner: str
    name: str

    @property
    def url(self) -> str:
        return f"https://github.com/{self.owner}/{self.name}"

    @property
    def site(self) -> str:
        """Where GitHub Pages serves its site."""
        host = f"{self.owner.lower()}.github.io"
        return f"https://{host}/" if self.name.lower() == host else f"https://{host}/{self.name}/"


def read(text: str) -> Repository | None:
    """The repository that an address or OWNER/NAME names; None for an empty text.

    Raises:
        ValueError: if ``text`` is neither.
    """
    if not text.strip():
        return None
    known = re.fullmatch(r"(?:https://github\.com/)?([\w-]+)/([\w.-]+?)(?:\.git)?/?", text.strip())
    if not known:
        raise ValueError(f"a repository is OWNER/NAME or https://github.com/OWNER/NAME, got {text!r}")
    return Repository(*known.groups())


def named(setting: str, environment: Mapping[str, str]) -> Repository | None:
    """The repository that the environment names, or else the setting.

    Raises:
        ConfigError: if what names it cannot be read.
    """
    override = environment.get("GITHUB_REPOSITORY", "")
    try:
        return read(override or setting)
    except ValueError as error:
        where = "GITHUB_REPOSITORY" if override else "repository.url in _config.yml"
        raise ConfigError(f"{where}: {error}") from None


def follow(app: Sphinx, config: Config) -> None:
    """Set what follows from the repository in the theme's options."""
    options = config.html_theme_options
    repository = named(options.get("repository_url", ""), os.environ)
    options["repository_url"] = repository.url if repository else ""
    for button in ("repository", "edit_page", "issues"):
        options[f"use_{button}_button"] = bool(repository)
    services = {"binderhub_url": BINDER, "colab_url": COLAB} if repository else {}
    options["launch_buttons"] = {**options.get("launch_buttons", {}), **services}
    if repository and not config.html_baseurl:
        config.html_baseurl = repository.site


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("config-inited", follow, priority=100)  # before those who read these settings
    return {"parallel_read_safe": True, "parallel_write_safe": True}
