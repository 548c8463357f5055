"""Firefox and WebKit, each driven in its own way behind the same few methods."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import pytest
import websocket
from selenium.webdriver import ActionChains, WebKitGTK, WebKitGTKOptions
from selenium.webdriver.webkitgtk.service import Service

WAIT = 300
"""Seconds after which a browser that does not answer has failed."""


def program(*names: str, package: str) -> str:
    """Where the first of these programs is; the test is skipped where none is, and fails in CI."""
    for name in names:
        if found := shutil.which(name):
            return found
    missing = pytest.fail if os.environ.get("CI") else pytest.skip
    missing(f"no {names[0]}: apt-get install {package}")


class Browser(Protocol):
    """A browser with one page."""

    def open(self, url: str) -> None: ...

    def run(self, script: str) -> Any:
        """The answer of an expression in the page, a promise's awaited, through JSON."""

    def press(self, key: str) -> None:
        """Press and release a key on what has the focus; a key is named by WebDriver's code point."""

    def messages(self) -> list[str]:
        """The warnings and errors since the last call, where the driver passes them on."""

    def close(self) -> None: ...


class Firefox:
    """Over WebDriver BiDi, which Firefox speaks by itself."""

    def __init__(self, home: Path) -> None:
        path = program("firefox-esr", "firefox", package="firefox-esr")
        command = [path, "--headless", "--no-remote", "--profile", str(home), "--remote-debugging-port=0"]
        # As root, Firefox starts only in root's own home.
        self.process = subprocess.Popen(
            command, env={**os.environ, "HOME": str(home)}, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        address = next(filter(None, (re.search(r"listening on (ws://\S+)", line) for line in self.process.stderr)))[1]
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        self.socket = websocket.create_connection(f"{address}/session", timeout=WAIT, suppress_origin=True)
        self.numbers = count()
        self.said = []
        self.command("session.new", capabilities={})
        self.command("session.subscribe", events=["log.entryAdded"])
        self.page = self.command("browsingContext.getTree")["contexts"][0]["context"]

    def command(self, method: str, **params: Any) -> Any:
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while (message := json.loads(self.socket.recv())).get("id") != number:
            if message["params"].get("level") in ("warn", "error"):
                self.said.append(message["params"]["text"])
        assert message["type"] == "success", message
        return message["result"]

    def open(self, url: str) -> None:
        self.command("browsingContext.navigate", context=self.page, url=url, wait="complete")

    def run(self, script: str) -> Any:
        function = f"async () => JSON.stringify(await {script})"
        target = {"context": self.page}
        answer = self.command("script.callFunction", functionDeclaration=function, target=target, awaitPromise=True)
        assert answer["type"] == "success", answer
        return json.loads(answer["result"].get("value", "null"))

    def press(self, key: str) -> None:
        keys = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        actions = [{"type": "key", "id": "keyboard", "actions": keys}]
        self.command("input.performActions", context=self.page, actions=actions)

    def messages(self) -> list[str]:
        said, self.said = self.said, []
        return said

    def close(self) -> None:
        self.command("browser.close")
        self.process.wait(WAIT)


class WebKit:
    """WebKitGTK's small browser through its own driver, on a screen that nobody sees."""

    def __init__(self, home: Path) -> None:
        driver = program("WebKitWebDriver", package="webkit2gtk-driver")
        options = WebKitGTKOptions()
        options.binary_location = str(next(Path("/usr/lib").glob("*/webkit*gtk-*/MiniBrowser")))
        options.add_argument("--automation")
        self.screen = subprocess.Popen(
            [program("Xvfb", package="xvfb"), "-displayfd", "1", "-screen", "0", "1366x900x24"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        display = f":{self.screen.stdout.readline().strip()}"
        service = Service(driver, env={**os.environ, "HOME": str(home), "DISPLAY": display, "GDK_BACKEND": "x11"})
        self.driver = WebKitGTK(options=options, service=service)
        self.driver.set_script_timeout(WAIT)

    def open(self, url: str) -> None:
        self.driver.get(url)

    def run(self, script: str) -> Any:
        function = f"(async () => JSON.stringify(await {script}) ?? 'null')()"
        answer = self.driver.execute_async_script(
            f"const done = arguments[0]; {function}.then(done, error => done(JSON.stringify(`${{error}}`)));"
        )
        return json.loads(answer)

    def press(self, key: str) -> None:
        ActionChains(self.driver).send_keys(key).perform()

    def messages(self) -> list[str]:
        return []

    def close(self) -> None:
        self.driver.quit()
        self.screen.terminate()
        self.screen.wait(WAIT)
