"""People, clicks, restarts, drifts and edits in any order: what must always hold of skills holds after each."""

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from bot.store import schema
from tests.learning.lives_machine import Lives


def explore(examples: int, steps: int) -> None:
    """Play so many histories of so many steps."""
    with tempfile.TemporaryDirectory() as place, asyncio.Runner() as runner:
        Lives.database, Lives.runner = Path(place) / "empty.db", runner
        schema.upgrade(Lives.database)
        told_as_found = (Phase.generate,)  # making a history shorter takes many times as long as finding it
        slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
        run_state_machine_as_test(
            Lives,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                phases=told_as_found,
                suppress_health_check=slow,
            ),
        )


def test_any_history_keeps_every_law() -> None:
    explore(examples=2, steps=12)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_many_histories_keep_every_law() -> None:
    explore(examples=12, steps=40)
