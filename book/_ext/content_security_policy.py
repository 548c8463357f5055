"""A Content-Security-Policy in the head of every page: a Sphinx extension.

What a page may do is what the book needs: scripts that came with the site or that this build wrote into the page, and
the modules and workers that widgets make from text they carry, which have a ``blob:`` address. Nothing comes from
another host.
"""

from __future__ import annotations

from base64 import b64encode
from functools import partial
from hashlib import sha256

from bs4 import BeautifulSoup
from built_pages import rewrite
from sphinx.application import Sphinx

RULES = {
    # What has no rule of its own below: the next page, which Firefox fetches ahead.
    "default-src": "'self'",
    "script-src": "'self' blob:",
    # Widgets write <style> elements, and formulas and pictures carry style attributes.
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self' blob:",
    "manifest-src": "'self'",
    "frame-src": "'none'",
    "media-src": "'none'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
}
SCRIPTS = {None, "", "module", "text/javascript"}  # other types are data
PRINT = 'onclick="window.print()"'  # the theme's button; a policy admits no code in an attribute
BEFORE = '<meta charset="utf-8" />'


def under_policy(page: str) -> str:
    """The page with the policy before anything that it governs.

    Args:
        page: the text of a page that nothing changes any more.

    Raises:
        ValueError: if the page has code in an attribute, or no place for the policy.
    """
    page = page.replace(PRINT, 'data-print=""')
    soup = BeautifulSoup(page, "html.parser")
    for old in soup.select('meta[http-equiv="Content-Security-Policy"]'):
        page = page.replace(f'\n    <meta http-equiv="Content-Security-Policy" content="{old["content"]}" />', "")
    for tag in soup.find_all(lambda tag: any(name.startswith("on") for name in tag.attrs)):
        raise ValueError(f"code in an attribute, which the policy would stop: {str(tag)[:200]}")
    hashes = {
        b64encode(sha256(script.string.encode()).digest()).decode()
        for script in soup.find_all("script", src=False)
        if script.get("type") in SCRIPTS and script.string
    }
    rules = {**RULES, "script-src": " ".join([RULES["script-src"], *(f"'sha256-{one}'" for one in sorted(hashes))])}
    policy = "; ".join(f"{name} {value}" for name, value in rules.items())
    if page.count(BEFORE) != 1:
        raise ValueError(f"{page.count(BEFORE)} places for the policy, after {BEFORE}")
    return page.replace(BEFORE, f'{BEFORE}\n    <meta http-equiv="Content-Security-Policy" content="{policy}" />')


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", partial(rewrite, change=under_policy), priority=990)  # nothing changes them any more
    return {"parallel_read_safe": True, "parallel_write_safe": True}
