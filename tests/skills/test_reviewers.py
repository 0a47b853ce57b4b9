"""Who may decide: one's own chat, the configured reviewers, else the platform's admins, in the chat itself only."""

import pytest

from bot.domain.chat import Conversation, Person
from bot.errors import DeliverLater
from bot.skills.reviewers import Reviewers
from tests.engine.made import ANA, BOB, GROUP, ROOM, KeptChat

MIA = Person("telegram:1", "Mia")
THREAD = Conversation("telegram", "-100", "5", direct=False)
ELSEWHERE = Conversation("telegram", "-200", direct=False)
SLACK = Conversation("slack", "-100", direct=False)


@pytest.mark.parametrize(
    ("configured", "home", "clicked_in", "person", "may"),
    [
        ([], ROOM, ROOM, ANA, True),
        ([BOB.id], ROOM, ROOM, ANA, True),
        ([], GROUP, GROUP, ANA, False),
        ([], GROUP, GROUP, MIA, True),
        ([], THREAD, GROUP, MIA, True),
        ([], GROUP, ELSEWHERE, MIA, False),
        ([], GROUP, ROOM, MIA, False),
        ([], ROOM, GROUP, MIA, False),
        ([BOB.id], GROUP, GROUP, BOB, True),
        ([BOB.id], GROUP, GROUP, MIA, False),
        ([BOB.id], GROUP, ELSEWHERE, BOB, False),
        ([], SLACK, SLACK, MIA, False),
    ],
)
async def test_who_may_decide(
    configured: list[str], home: Conversation, clicked_in: Conversation, person: Person, may: bool
) -> None:
    reviewers = Reviewers({"telegram": KeptChat(admins=(MIA.id,))}, configured)
    assert await reviewers.may_decide(home, clicked_in, person) is may


async def test_a_platform_that_cannot_tell_is_asked_again_later() -> None:
    class Silent(KeptChat):
        async def is_admin(self, conversation: Conversation, person: Person) -> bool:
            raise DeliverLater("no answer")

    with pytest.raises(DeliverLater):
        await Reviewers({"telegram": Silent()}, []).may_decide(GROUP, GROUP, MIA)
