"""A program of its own: pages of HTML come on stdin, their texts go to stdout (see `bot/tools/html.py`, which runs it).

A page is a line of JSON, `[HTML, address]`; its answer is a line too. It knows nothing of the bot, so that it has
nothing to lose.
"""

import json
import resource
import sys

MEMORY = 1 << 30
"""Bytes of addresses that reading may take."""
CHARACTERS = 1_000_000
"""Of text: what is read of a page ends behind them."""
TITLE = 1_000
"""Characters of a title."""


def main() -> None:
    """Answer `[title, text]` to each page, until there is no other. With an address the text has links."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    # Imported here: the program that runs this one takes its limits from it, and needs no reader of HTML.
    from inscriptis.html_engine import Inscriptis
    from inscriptis.model.config import ParserConfig
    from lxml.etree import ParserError
    from lxml.html import HTMLParser, document_fromstring

    for line in sys.stdin.buffer:
        html, address = json.loads(line)
        try:
            # In bytes: text with a declaration of its encoding is refused.
            tree = document_fromstring(html.encode("utf-8", "replace"), parser=HTMLParser(encoding="utf-8"))
        except ParserError:  # nothing in it
            answer = ["", ""]
        else:
            if address:
                tree.make_links_absolute(address, handle_failures="ignore")
            title = " ".join((tree.findtext(".//title") or "").split())
            text = Inscriptis(tree, ParserConfig(display_links=bool(address))).get_text().strip()
            answer = [title[:TITLE], text[:CHARACTERS]]
        print(json.dumps(answer), flush=True)  # noqa: T201 - to the program that runs this one


if __name__ == "__main__":
    main()
