"""What a check says to an answer."""

from __future__ import annotations

from typing import Any

from vae_lib import exercises


def judged(question: str, answer: Any) -> tuple[bool, str | None]:
    """Whether it passes, and the mistake that it is taken for."""
    verdict = exercises.check_answer(question, answer)
    return verdict.passed, verdict.mistake
