"""A form in a terminal: the person's editor ($VISUAL, $EDITOR), opened on a file."""

from pathlib import PurePath

from bot.domain.chat import Form

TOLD = "#: "
"""Begins the lines above the text that tell what was wrong with it; they are taken away again."""


async def edited(form: Form) -> str | None:
    """What a person makes of the text; None where they leave it as it was. The prompt waits meanwhile."""
    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.document import Document

    told = [f"{TOLD}{' '.join(problem.split())}\n" for problem in form.problems]
    buffer = Buffer(document=Document("".join(told) + form.text), tempfile_suffix=PurePath(form.file).suffix)
    try:
        await buffer.open_in_editor()
    except UnicodeDecodeError:
        return None
    lines = buffer.text.split("\n")
    while lines and lines[0].startswith(TOLD.rstrip()):
        del lines[0]
    text = "\n".join(lines)
    return None if text.strip() == form.text.strip() else text
