"""All benchmarks, each in a process of its own so that none pays for another: `python -m tests.benchmarks`."""

import subprocess
import sys

BENCHMARKS = ("turn", "throughput", "request", "relevance", "footprint", "mining", "mining_scale", "drift")

if __name__ == "__main__":
    for name in BENCHMARKS:
        subprocess.run([sys.executable, "-m", f"tests.benchmarks.{name}"], check=True)  # noqa: S603 - our own modules
