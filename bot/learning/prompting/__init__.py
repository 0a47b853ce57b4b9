"""Prompt procedures: work without tools that people ask for alike, or correct alike, as instructions of its own.

talks, shapes: which tasks are alike, found without a model · writing: instructions drafted by the model and held
against the talks · comparing: its answers against those given then, blind, where it was not drafted from ·
proposing: the whole method, within the cycle's budget.
"""

from bot.learning.prompting.proposing import Found, Known, PromptReport, find

__all__ = ["Found", "Known", "PromptReport", "find"]
