"""Has every page written again when an extension or a static file has changed: a Sphinx extension.

Sphinx looks at the pages' sources and at settings, so the digest of these files is a setting.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, bool]:
    patterns = (
        "_ext/*.*",
        "_ext/templates/**/*.html",
        "_static/*.*",
        "../vae_lib/widgets/host/*.mjs",
        "../vae_lib/palette.py",
    )
    own = sorted(path for pattern in patterns for path in Path(app.srcdir).glob(pattern) if path.is_file())
    texts = b"".join(path.read_bytes() for path in own)
    app.add_config_value("write_again_digest", sha256(texts).hexdigest(), "html")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
