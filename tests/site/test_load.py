"""A page with fifty widgets that thousands of moves and an hour asleep leave as it was: compared, not timed."""

from __future__ import annotations

from collections.abc import Callable

import torch
from checks import settle
from playwright.sync_api import CDPSession, Page, expect

from vae_lib import widgets
from vae_lib.model import VAE
from vae_lib.widgets.base import BookWidget

MOVES = 2000
MARGIN = 0.8e6  # bytes, of 23 million: the browser itself lays by up to 0.4; what keeps 400 a move is found


def fifty() -> list[BookWidget]:
    torch.manual_seed(0)
    codes, labels = torch.randn(60, 2), torch.arange(60) % 10
    kinds: list[Callable[[], BookWidget]] = [
        lambda: widgets.LatentExplorer(VAE(64, 2, (8,)), codes, labels),
        lambda: widgets.LatentSliders(VAE(64, 3, (8,)), kl=[1.0] * 3),
        lambda: widgets.SeriesExplorer("digits-betas"),
        lambda: widgets.TrainingExplorer(hidden=8),
        lambda: widgets.OwnSlider(lambda number: number**2, range(9), 4),
        widgets.KLExplorer,
        widgets.KLPlaneExplorer,
        widgets.Equation4Explorer,
        widgets.ReparameterizationExplorer,
        widgets.IntegralExplorer,
    ]
    return [kinds[place % len(kinds)]() for place in range(50)]


# Every slider of the page in turn, to places that come again; fifty moves in a frame.
MOVE = """async moves => {
  const sliders = [...document.querySelectorAll("input[type=range]")];
  for (let move = 0; move < moves; move++) {
    const slider = sliders[move % sliders.length];
    const [low, high] = [Number(slider.min), Number(slider.max)];
    slider.value = low + (high - low) * ((move * 0.618) % 1);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    if (move % 50 === 49) await new Promise(requestAnimationFrame);
  }
  return sliders.length;
}"""


def counted(page: Page, session: CDPSession) -> dict[str, int]:
    """What the page holds once its rubbish is collected."""
    settle(page)
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    heap, dom = session.send("Runtime.getHeapUsage"), session.send("Memory.getDOMCounters")
    return {"bytes": heap["usedSize"] + heap["backingStorageSize"], **dom}


def test_moves_and_sleep_leave_nothing_behind(open_page: Callable[..., Page], widget_page: Callable[..., str]) -> None:
    page = open_page(widget_page(*fifty()))
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.enable")
    starts = "async () => { const all = []; document.dispatchEvent(new CustomEvent('to-paper', { detail: all }));"
    page.evaluate(f"{starts} await Promise.all(all); }}")
    expect(page.locator("[data-widget-ready]")).to_have_count(50)
    page.clock.install()  # runs on, until it is set forward
    assert page.evaluate(MOVE, MOVES) > 50
    first = counted(page, session)
    session.send("Page.setWebLifecycleState", {"state": "frozen"})
    session.send("Page.setWebLifecycleState", {"state": "active"})
    page.clock.fast_forward("01:00:00")
    page.evaluate(MOVE, MOVES)
    second = counted(page, session)
    assert second["jsEventListeners"] == first["jsEventListeners"]
    assert second["bytes"] - first["bytes"] < MARGIN
    page.get_by_role("slider", name="z₁").first.press("Home")
    expect(page.locator(".vae-place").first).to_contain_text("z = (−")
