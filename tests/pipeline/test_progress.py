"""Steps of a known size."""

from driftcheck.pipeline.progress import Step, counted


def test_a_step_says_how_far_it_is():
    step = Step("replaying the history", "revision", 1_200, 5_000, "ab12")
    assert step == "replaying the history: revision 1,200 of 5,000 (ab12)"
    assert (step.name, step.done, step.total) == ("replaying the history", 1_199, 5_000)


def test_a_single_part_is_not_counted():
    assert Step("reading", "database", 1, 1) == "reading"


def test_counted_items():
    told = []
    assert list(counted("abc", told.append, "reading", "letter")) == ["a", "b", "c"]
    assert told == [f"reading: letter {number} of 3" for number in (1, 2, 3)]


def test_an_item_is_told_before_it_is_yielded():
    told = []
    next(counted("abc", told.append, "reading", "letter"))
    assert told == ["reading: letter 1 of 3"]
