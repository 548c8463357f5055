"""The slider in a real JupyterLab, with a kernel: what the reader moves, Python reads, and the other way round."""

from __future__ import annotations

import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect

SOURCES = (
    "from vae_lib.widgets import LatentExplorer\nexplorer = LatentExplorer('digits-2', z=(0.5, -0.5))\nexplorer",
    "print('python reads', explorer.z)",
    "explorer.z = [-1.25, 0.75]",
)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    """The address of a JupyterLab on loopback that has one notebook, open.ipynb."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in SOURCES])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, tmp_path / "open.ipynb")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = {name: str(tmp_path / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--allow-root"]
    command += ["--ServerApp.port_retries=0", f"--ServerApp.root_dir={tmp_path}"]
    command += ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    log = (tmp_path / "lab.log").open("wb")
    token = secrets.token_hex(16)
    environment = os.environ | home | {"JUPYTER_TOKEN": token}
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/api", timeout=5).close()
                break
            except (urllib.error.URLError, OSError):
                assert server.poll() is None, (tmp_path / "lab.log").read_text()
                time.sleep(0.5)
        else:
            pytest.fail((tmp_path / "lab.log").read_text())
        yield f"{address}/lab/tree/open.ipynb?reset&token={token}"
    finally:
        server.terminate()
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            server.kill()
        log.close()


def run_cell(page: Page, index: int) -> None:
    """Run one cell and wait until its number shows that it has run."""
    cell = page.locator(".jp-Notebook-cell").nth(index)
    prompt = cell.locator(".jp-InputPrompt").first
    for _ in range(30):  # JupyterLab drops the keys that come before the notebook is fully there
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        page.wait_for_timeout(1000)
        if prompt.inner_text() != "[ ]:":
            break
    expect(prompt).to_have_text(re.compile(r"\[\d+\]:"), timeout=120_000)


def test_slider_and_python_follow_each_other(browser: Browser, lab: str) -> None:
    page = browser.new_context(viewport={"width": 1280, "height": 1400}).new_page()
    page.goto(lab)
    page.wait_for_selector(".jp-Notebook-cell .cm-content", timeout=120_000)
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=120_000)
    run_cell(page, 0)
    first = page.get_by_role("slider", name="z₁")
    expect(first).to_have_value("0.5", timeout=60_000)

    first.focus()
    page.keyboard.press("ArrowRight")
    moved = float(first.input_value())
    assert moved > 0.5
    run_cell(page, 1)
    expect(page.get_by_text(f"python reads [{moved:g}, -0.5]")).to_be_visible()

    page.get_by_role("application").focus()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("slider", name="z₂")).to_have_value("-0.4")

    run_cell(page, 2)
    expect(first).to_have_value("-1.25")
    expect(page.get_by_role("slider", name="z₂")).to_have_value("0.75")
    page.context.close()
