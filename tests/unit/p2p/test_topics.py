"""The table of topics is checked when it is made."""

from dataclasses import replace

import pytest

from p2p.errors import BadTopics
from p2p.topics import MESSAGE_OVERHEAD, Topics
from p2p.wire import MAX_PAYLOAD
from tests.support.p2p_nodes import BLOCKS, STATUS, TOPICS, TRANSACTIONS, VOTES


def test_topics_are_iterated_in_the_order_of_sending() -> None:
    assert [spec.name for spec in Topics(reversed(TOPICS))] == ["votes", "status", "blocks", "transactions"]
    assert Topics(TOPICS)[3] is TRANSACTIONS
    assert Topics(TOPICS).max_sizes[2] == BLOCKS.max_size


@pytest.mark.parametrize(
    "change",
    [
        {"number": 0},
        {"number": 65_536},
        {"max_size": 0},
        {"max_size": MAX_PAYLOAD + 1},
        {"queue_bytes": VOTES.max_size + MESSAGE_OVERHEAD - 1},
        {"rate": 0},
        {"burst": 0},
        {"workers": 0},
        {"linger": -0.1},
    ],
)
def test_a_value_out_of_range_is_refused(change: dict[str, int]) -> None:
    with pytest.raises(BadTopics, match="votes"):
        Topics([replace(VOTES, **change)])


def test_two_topics_never_share_a_number_or_a_name() -> None:
    with pytest.raises(BadTopics, match="number"):
        Topics([VOTES, replace(STATUS, number=VOTES.number)])
    with pytest.raises(BadTopics, match="name"):
        Topics([VOTES, replace(STATUS, name=VOTES.name)])
