"""``python -m bench.search``: searching 100,000 messages, all of one person's and among those of others."""

import statistics
import time
from typing import TYPE_CHECKING

from .report import Report
from .scratch import scratch_database
from .talks import VOCABULARY, fill

if TYPE_CHECKING:
    from accounts.models import User

MESSAGES = 100_000
ROUNDS = 15


def main() -> None:
    report = Report("search")
    with scratch_database():
        from accounts.models import User

        alice = User.objects.create_user("alice@example.org")
        bob = User.objects.create_user("bob@example.org")
        started = time.perf_counter()
        fill(alice, MESSAGES)
        fill(bob, MESSAGES // 10)
        report.say(f"{MESSAGES * 11 // 10} messages written and indexed", time.perf_counter() - started, "s")
        for what, words in {
            "a word in nearly every message": "w0",
            "two common words": "w1 w2",
            "a rare word": f"w{VOCABULARY - 3}",
            "the beginning of most words": "w1",
            "one letter": "w",
            "a word that nobody wrote": "zebra",
            "twelve common words": " ".join(f"w{n}" for n in range(12)),
        }.items():
            report.say(f"{what}, among one's own {MESSAGES}", milliseconds(alice, words), "ms")
            report.say(f"{what}, among one's own {MESSAGES // 10}", milliseconds(bob, words), "ms")
    report.save()


def milliseconds(user: "User", words: str) -> float:
    """The median of some rounds."""
    from chat.models import Conversation

    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        Conversation.objects.search(user, words)
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
