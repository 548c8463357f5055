"""A record that a command writes part by part, each with the revision of the code that made it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from vae_lib.cli.shared import revision
from vae_lib.runs.files import record_text


def write(record: Path, parts: Mapping[str, Callable[[], Any]], description: str) -> None:
    """Runs the parts that the command line names, all by default, and puts each into the record when it is done."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=list(parts), help=f"of {', '.join(parts)} (default: all)")
    torch.set_flush_denormal(True)
    torch.set_num_threads(1)
    for part in parser.parse_args().parts:
        runs = parts[part]()
        before = json.loads(record.read_text("utf-8")) if record.exists() else {}
        made_by = {**before.get("code_revision", {}), part: revision()}
        about = {
            "command": f"python benchmarks/{Path(sys.argv[0]).name}",
            "torch": torch.__version__,
            "code_revision": made_by,
        }
        kept = {name: before[name] for name in parts if name in before}
        record.write_text(record_text({**about, **kept, part: runs}), "utf-8")
        print(part, len(runs), "runs", flush=True)
