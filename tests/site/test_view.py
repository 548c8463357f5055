"""``python -m vae_lib view``: a process of its own, its page in Chromium, and Ctrl-C."""

from __future__ import annotations

import re
import signal
import socket
import struct
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from checks import settle
from playwright.sync_api import Page, expect

from vae_lib import data, pretrained
from vae_lib.cli import main
from vae_lib.model import VAE, Autoencoder

OpenPage = Callable[..., Page]


def _heeds_ctrl_c() -> None:
    """Where the tests run in the background, a shell has Ctrl-C ignored by all that they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def viewing(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address that the command says, and its process."""
    command = [sys.executable, "-m", "vae_lib", "view", "--no-browser", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    started = subprocess.Popen(command, **pipes, preexec_fn=_heeds_ctrl_c)
    try:
        assert started.stdout
        said = started.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", said)
        assert found, said + started.communicate()[1]
        yield found[0], started
    finally:
        started.kill()
        started.communicate()


def test_a_table_of_your_own_is_walked_without_a_notebook(tmp_path: Path, open_page: OpenPage) -> None:
    torch.manual_seed(0)
    model = VAE(3, 2, (4,), sigmoid=False)
    model.about = data.About(None, ("ill", "well"), ("age", "weight", "pulse"), (40.0, 70.0, 65.0), (9.0, 12.0, 8.0))
    pretrained.save(model, tmp_path / "mine", test=torch.randn(6, 3), test_labels=[0, 1] * 3)
    with viewing(f"{tmp_path / 'mine'}") as (address, process):
        page = open_page(address)
        settle(page)
        expect(page.get_by_role("heading")).to_have_text(f"The latent space of {tmp_path / 'mine'}")
        before = page.locator(".vae-columns data").all_inner_texts()
        page.get_by_role("application").press("Shift+ArrowRight")
        expect(page.locator(".vae-place")).to_have_text("z = (0.50, 0.00)")
        assert page.locator(".vae-columns data").all_inner_texts() != before
        process.send_signal(signal.SIGINT)
        assert process.communicate() == ("", "")
        assert process.returncode == 0


@pytest.mark.parametrize(("name", "sees"), [("digits-12", ".vae-lsliders"), ("digits-betas", ".vae-series")])
def test_each_kind_of_model_has_its_widget(open_page: OpenPage, name: str, sees: str) -> None:
    with viewing(name) as (address, _):
        page = open_page(address)
        expect(page.locator(f"{sees} canvas").first).to_be_visible()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_browser_that_breaks_off_is_not_complained_of(name: str) -> None:
    with viewing("digits-2") as (address, process):
        port = int(address.rstrip("/").rpartition(":")[2])
        for _ in range(3):
            broken = socket.create_connection(("127.0.0.1", port))
            broken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset where it is closed
            broken.sendall(b"GET / HTTP/1.1\r\n\r\n")
            broken.close()
        with urllib.request.urlopen(address) as answer:  # whoever comes after them is served
            assert answer.status == 200
        process.send_signal(getattr(signal, name))
        assert process.communicate() == ("", "")
        assert process.returncode == 0


def test_what_cannot_be_shown_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pretrained.save(VAE(4, 1, (3,)), tmp_path / "line")
    pretrained.save(Autoencoder(4, 3, (3,)), tmp_path / "plain")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for arguments, said in [
            (["nowhere"], "no model 'nowhere'"),
            ([f"{tmp_path / 'line'}"], "has one latent, and a map has two; train with --latent-dim 2 or more"),
            ([f"{tmp_path / 'plain'}"], "LatentSliders needs a VAE"),
            (["digits-2", "--port", f"{port}"], f"--port {port} cannot be used"),
            (["digits-2", "--port", "70000"], "--port must lie from 0 to 65535, got 70000"),
        ]:
            assert main(["view", "--no-browser", *arguments]) == 2
            wrong = capsys.readouterr().err
            assert wrong.count("\n") == 1
            assert said in wrong
