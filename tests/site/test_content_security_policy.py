"""Every page lives under a strict Content-Security-Policy, and everything on it works there."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256

import pytest
from bs4 import BeautifulSoup
from checks import open_folds
from content_security_policy import under_policy
from playwright.sync_api import Browser, Page, expect

OpenPage = Callable[..., Page]
# All that fetch directives govern; with a rule for each, only what is fetched ahead is left to default-src.
OF_THEIR_OWN = ("connect", "font", "frame", "img", "manifest", "media", "object", "script", "style", "worker")
META = 'meta[http-equiv="Content-Security-Policy"]'


def rules_of(soup: BeautifulSoup) -> dict[str, set[str]]:
    parts = (rule.split() for rule in str(soup.select_one(META)["content"]).split(";"))
    return {name: set(values) for name, *values in parts}


def test_every_page_has_it_before_all_that_it_governs(pages: dict[str, BeautifulSoup]) -> None:
    assert len(pages) > 20
    for name, soup in pages.items():
        assert len(soup.select(META)) == 1, name
        assert not soup.select_one(META).find_previous(["script", "link", "style", "img"]), name
        rules = rules_of(soup)
        assert rules["default-src"] == {"'self'"}
        assert {f"{kind}-src" for kind in OF_THEIR_OWN} <= set(rules)
        assert rules["frame-src"] == rules["media-src"] == rules["object-src"] == {"'none'"}
        assert not {"'unsafe-eval'", "'unsafe-hashes'", "'unsafe-inline'"} & rules["script-src"]
        hosts = {value for values in rules.values() for value in values if "." in value or value in ("*", "https:")}
        assert not hosts, name
        inline = [tag for tag in soup.find_all("script", src=False) if "json" not in str(tag.get("type"))]
        for script in inline:
            digest = b64encode(sha256(script.string.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in rules["script-src"], f"{name}: {script.string[:80]}"


def test_a_second_build_leaves_one_policy() -> None:
    page = '<head>\n    <meta charset="utf-8" />\n    <script>let a = 1;</script></head>'
    once = under_policy(page)
    assert under_policy(once) == once
    changed = under_policy(once.replace("let a", "let b"))
    assert changed.count("sha256-") == 1
    assert changed != once


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ('<head><meta charset="utf-8" /></head><p onclick="go()">', "code in an attribute.*onclick"),
        ("<head></head>", "0 places"),
    ],
)
def test_a_page_that_cannot_have_one(page: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        under_policy(page)


def test_what_came_from_elsewhere_is_refused(browser: Browser, site_url: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    ended = {}
    page.on("requestfinished", lambda request: ended.update({request.url: "finished"}))
    page.on("requestfailed", lambda request: ended.update({request.url: request.failure}))
    page.goto(f"{site_url}references.html")
    page.evaluate(
        """async () => {
          window.refused = [];
          document.addEventListener("securitypolicyviolation", event => refused.push(event.effectiveDirective));
          const script = document.createElement("script");
          script.textContent = "window.stranger = 1";
          document.head.append(script);
          document.body.insertAdjacentHTML("beforeend", "<img src='x' onerror='window.stranger = 2'>");
          const image = new Image();
          image.src = "https://example.org/a.png";
          await fetch("https://example.org/").catch(() => 0);
          document.body.insertAdjacentHTML("beforeend", "<iframe src='https://example.org/'></iframe>");
          const own = "<iframe src='index.html'></iframe><object data='a.svg'></object><video src='a.webm'></video>";
          document.body.insertAdjacentHTML("beforeend", own);
        }"""
    )
    kinds = ["connect", "frame", "frame", "img", "media", "object"]
    expected = [*(f"{kind}-src" for kind in kinds), "script-src-attr", "script-src-elem"]
    page.wait_for_function("count => refused.length >= count", arg=len(expected))
    assert page.evaluate("refused.sort()") == expected
    assert page.evaluate("window.stranger ?? null") is None
    context.close()
    assert {reason for url, reason in ended.items() if "example.org" in url} <= {"csp"}


def test_a_page_works_under_it(open_page: OpenPage, site_url: str) -> None:
    # open_page fails on any message of an error, and a violation is one.
    page = open_page(f"{site_url}04-equation-4.html")
    assert page.locator("span.math > svg").first.is_visible()
    slider = page.get_by_role("slider").first
    open_folds(page)
    for view in page.locator("[data-widget-model]").all():
        view.scroll_into_view_if_needed()
    slider.press("ArrowRight")
    page.get_by_role("button", name="Show all code").click()
    page.locator("div.highlight").first.hover()
    page.locator("button.copybtn").first.click()
    page.locator(".theme-switch-button").click()
    page.evaluate("window.print = () => document.body.dataset.printed = 'yes'")
    page.locator(".dropdown-download-buttons > button").click()
    page.locator("[data-print]").click()
    expect(page.locator("body")).to_have_attribute("data-printed", "yes")
