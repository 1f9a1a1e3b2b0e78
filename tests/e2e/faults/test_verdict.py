"""The checker is checked with made-up losses, doubles and disorder."""

from .verdict import Verdict


def test_what_is_there_once_is_clean() -> None:
    verdict = Verdict()
    verdict.once("ledger", {"a": 2, "b": 1}, ["b", "a"])
    verdict.in_order("topic", {"key": ["1", "2"]}, {"key": ["1", "2"]})
    verdict.sum("minutes", 3, 3)
    verdict.same("portal", {"hours": [("x",)]}, {"hours": [("x",)]})
    assert verdict.clean


def test_a_loss_is_found() -> None:
    verdict = Verdict()
    verdict.once("ledger", ["a", "b"], ["b"])
    verdict.in_order("topic", {"key": ["1", "2"]}, {"key": ["2"]})
    verdict.sum("minutes", 3, 2)
    assert verdict.lost == ["ledger: a", "topic key: 1", "minutes: 2 of 3"]
    assert (verdict.doubled, verdict.disordered) == ([], [])


def test_a_double_is_found() -> None:
    verdict = Verdict()
    verdict.once("mail", ["a"], ["a", "a"])
    verdict.sum("minutes", 3, 6)
    assert verdict.doubled == ["mail: a", "minutes: 6 in place of 3"]
    assert verdict.lost == []


def test_disorder_is_found_also_beside_a_loss() -> None:
    verdict = Verdict()
    verdict.in_order("topic", {"key": ["1", "2", "3"]}, {"key": ["3", "1"]})
    assert verdict.disordered == ["topic key"]
    assert verdict.lost == ["topic key: 2"]
