"""Modals and the Home tab."""


class View:
    """A view."""
