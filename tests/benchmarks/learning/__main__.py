"""The learning benchmark: `python -m tests.benchmarks.learning [--json] [--picture FILE]`.

Four simulated workplaces, each with the real bot in it: people ask for work that repeats with variations, a hidden
check of the state judges it, bad lessons are planted among the good, and halfway something changes. Each runs twice,
without learning and with a reviewer who decides by the evidence on the cards; the same tasks are compared. Who asked
for a task says Run once whenever a skill asks. The same seed gives the same report, but for the seconds.

Another agent: `--base-url URL --model NAME` (any server that speaks OpenAI's chat completions; key in OPENAI_API_KEY).
Another miner: `--miner COMMAND`, a command that reads traces ({traces}, or its standard input) and writes skill folders
into {out}, both as bot/skills/FORMAT.md has them: `--miner 'apprentice mine --no-model --traces {traces} --out {out}'`.
"""

import argparse
import asyncio
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

from bot.cli.logs import configure
from bot.domain.privacy import Privacy
from bot.errors import ApprenticeError
from tests.benchmarks.learning.office import POLICIES
from tests.benchmarks.learning.report import lines, report
from tests.benchmarks.learning.run import Options, live
from tests.benchmarks.learning.workplaces import WORKPLACES


def main(arguments: list[str] | None = None) -> int:
    """Run, print the report, draw the picture; the exit status."""
    given = _parser().parse_args(arguments)
    configure("console", Privacy(), quiet=True)
    names = tuple(given.workplace or WORKPLACES)
    options = Options(
        tasks=given.tasks,
        seed=given.seed,
        workplaces=names,
        approve=given.approve,
        base_url=given.base_url,
        model=given.model,
        api_key=os.environ.get("OPENAI_API_KEY", ""),
        learn_tokens=given.learn_tokens,
        miner=given.miner,
    )
    try:
        control = asyncio.run(live(replace(options, learns=False)))
        lived = asyncio.run(live(options))
    except ApprenticeError as error:
        print(error, file=sys.stderr)
        return 1
    told = report(lived, control)
    print(json.dumps(told, indent=2) if given.json else "\n".join(lines(told)))
    if given.picture:
        from tests.benchmarks.learning.picture import draw

        draw(lived, control, given.picture)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.learning",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--tasks", type=int, default=160, help="tasks of a workplace (160)")
    parser.add_argument("--seed", type=int, default=1, help="of tasks, values, wordings and slips (1)")
    parser.add_argument("--workplace", choices=WORKPLACES, action="append", help="just this one; may be given again")
    parser.add_argument("--approve", choices=POLICIES, default="careful", help="how the reviewer decides (careful)")
    parser.add_argument("--base-url", default="", help="a server of chat completions; without it a script is the model")
    parser.add_argument("--model", default="scripted", help="the model's name there")
    parser.add_argument("--learn-tokens", type=int, default=0, help="what a cycle of learning may spend on a model (0)")
    parser.add_argument("--miner", default="", help="a command in the place of the bot's own miner")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--picture", type=Path, help="draw model calls over tasks into this PNG")
    return parser


if __name__ == "__main__":
    sys.exit(main())
