"""Telegram, behind the port: python-telegram-bot's types stop in this package."""

import os

# python-telegram-bot's own opt-in to its next major version: a 429's delay is a timedelta, without a warning each.
os.environ.setdefault("PTB_TIMEDELTA", "true")
