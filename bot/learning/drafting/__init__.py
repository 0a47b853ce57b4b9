"""Names and words by the learning model, held against what they are about before anybody reads them.

author: who is asked, within what budget, and shown nothing private · words: a mined procedure is named and described ·
checking, effects: what its words must not say.
"""

from bot.learning.drafting.author import Author, Budget
from bot.learning.drafting.checking import gives_away
from bot.learning.drafting.words import Draft, draft

__all__ = ["Author", "Budget", "Draft", "draft", "gives_away"]
