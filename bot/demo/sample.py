"""The sample business that the demo works for: its files, and what people ask about them."""

from pathlib import Path

WORKSPACE = Path(__file__).parent / "workspace"
"""A lamp workshop: customers and orders as JSON, policies and notes as prose. Copy it before use."""

WARM_UP = (
    "Which orders of ben-okoro are still open?",
    "Where do we write about gift wrapping?",
    "Are any orders of ana-silva still open?",
    "dana-levi called: which of her orders are still open?",
    "Which files do we have in policies?",
    "Please tell me which orders of chen-wei are still open.",
    "Are there still open orders of ines-costa?",
    "What do we say about opal glass?",
    "Which orders of emil-novak are still open?",
)
"""What is asked before anything is learned: six times the same thing of different customers, and other things."""

FINAL = "Which orders of hugo-martin are still open?"
"""The same thing once more, of a customer whom nobody named before."""
