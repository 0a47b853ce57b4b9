"""How a version of a skill stands by the verdicts on its uses: on trial, trusted, or drifted away from its work."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, log
from typing import Literal

from bot.domain.trace import Status

GOOD, POOR = 0.9, 0.7
"""Shares of successes that the trial tells apart."""
TRUST = log((1 - 0.05) / 0.05)
"""The trial ends here: Wald's sequential test (1945), wrong in 5 % of the cases either way; 12 straight successes."""
WELL, DRIFTED = 0.05, 0.4
"""Shares of failures that the watch for drift tells apart."""
ALARM = 5.0
"""The watch speaks here (Page 1954): 3 uses that all fail, 6 to 7 of which half do, under one false alarm in 1,000."""
_TRIAL: dict[Status, float] = {"success": log(GOOD / POOR), "failure": log((1 - GOOD) / (1 - POOR)), "unknown": 0.0}
_WATCH: dict[Status, float] = {
    "success": log((1 - DRIFTED) / (1 - WELL)),
    "failure": log(DRIFTED / WELL),
    "unknown": 0.0,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What the verdicts on a version come to.

    `missing`: successes in a row that end the trial, 0 once it is trusted. `strain` is the watch's sum, from 0 to ALARM
    and beyond, where the version has `drifted`.
    """

    state: Literal["trial", "trusted"]
    missing: int
    strain: float

    @property
    def drifted(self) -> bool:
        """Whether it fails so often that this is no chance any more."""
        return self.strain >= ALARM


def standing(verdicts: Iterable[Status]) -> Standing:
    """Follow the verdicts, oldest first; `unknown` moves nothing. Who is trusted stays so until it drifts."""
    proof = strain = 0.0
    trusted = False
    for verdict in verdicts:
        proof += _TRIAL[verdict]
        strain = max(0.0, strain + _WATCH[verdict])
        trusted = trusted or proof >= TRUST
        if strain >= ALARM:
            break
    if trusted:
        return Standing("trusted", 0, strain)
    return Standing("trial", ceil((TRUST - proof) / _TRIAL["success"]), strain)
