"""Buttons: an opaque random id stands for what pressing it means."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from bot.domain.chat import Button
from bot.store.tables import buttons
from bot.words import Sentence


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a button decides on: a proposal, a confirmation or the feedback on a turn, and which way."""

    kind: str
    subject: str
    action: str


FORM = "edit"
"""The kind of the buttons that open a form; their subject is a proposal."""


def make(connection: sa.Connection, label: str, meaning: Meaning) -> Button:
    """A new button."""
    button = Button(label, secrets.token_urlsafe(18), form=meaning.kind == FORM)
    connection.execute(
        buttons.insert().values(id=button.id, kind=meaning.kind, subject=meaning.subject, action=meaning.action)
    )
    return button


def meaning(connection: sa.Connection, id: str) -> Meaning | None:
    """What the button with this id means; None for a forged one."""
    row = connection.execute(sa.select(buttons).where(buttons.c.id == id)).one_or_none()
    return None if row is None else Meaning(row.kind, row.subject, row.action)


def row(
    connection: sa.Connection, kind: str, subject: str, choices: Iterable[tuple[Sentence, str]], language: str
) -> tuple[Button, ...]:
    """A row of new buttons for one subject, labelled in a language; `choices` are pairs of label and action."""
    return tuple(make(connection, label.told(language), Meaning(kind, subject, action)) for label, action in choices)
