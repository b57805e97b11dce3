"""A run's bookkeeping: what it works on, where it is, and how long each step took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

from liuke.engines.engine import Engine
from liuke.kernel.progress import Progress, silent
from liuke.kernel.words import Words
from liuke.workspace.definitions import Definitions

STEPS = {
    "check": Words("校验数据", "checking the tables"),
    "lives": Words("识别客户状态", "who is here, leaving, lost"),
    "measure": Words("度量流失与保持", "measuring churn and retention"),
    "windows": Words("准备训练样本", "looking back: past customers as then known"),
    "learn": Words("训练与校准预警模型", "learning and calibrating the warning"),
    "warn": Words("预警打分", "warning"),
    "value": Words("估算未来价值", "valuing the future"),
    "reasons": Words("归纳原因", "reasons and their evidence"),
    "decide": Words("决策与计划", "deciding and planning"),
    "publish": Words("发布快照", "publishing the snapshot"),
}
"""The steps of a run, in order."""


@dataclass
class Job:
    """One run on its way.

    Parameters
    ----------
    everything : Engine
        All rows of the workspace.
    engine : Engine
        What was known on `as_of`.
    definitions : Definitions
        The company's definitions.
    as_of : date
        The day looked from.
    seed : int
        Decides every draw.
    progress : Progress
        Told the steps.
    """

    everything: Engine
    engine: Engine
    definitions: Definitions
    as_of: date
    seed: int
    progress: Progress = silent
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time the step `name` and report it."""
        words = STEPS[name].in_(self.definitions.company.language)
        self.progress(0, 1, words)
        began = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - began, 3)
        self.progress(1, 1, words)
