import os

from driftcheck.storage.mark import Mark
from driftcheck.storage.shadow_names import agrees, origin_of, shadow_name


def test_a_mark_is_read_as_it_was_written():
    mark = Mark.new()

    assert Mark.parse(str(mark)) == mark


def test_other_texts_are_no_marks():
    assert Mark.parse("") is None
    assert Mark.parse("on") is None
    assert Mark.parse("mine:1:2:3") is None


def test_no_two_marks_are_alike():
    assert Mark.new() != Mark.new()


def test_what_this_process_made_is_in_use():
    assert not Mark.new().is_abandoned


def test_what_a_dead_process_made_is_abandoned(mark):
    assert mark().is_abandoned


def test_a_process_number_means_nothing_on_another_machine(mark):
    assert not mark(host="elsewhere").is_abandoned


def test_what_is_a_day_old_is_abandoned(mark, yesterday):
    assert mark(pid=os.getpid(), started=yesterday).is_abandoned
    assert mark(host="elsewhere", started=yesterday).is_abandoned


def test_a_name_says_who_and_when(mark):
    made = Mark.new()

    name = shadow_name("Replay of the head", made)

    assert name.startswith("driftcheck_shadow_replay_of_the_")
    assert len(name) <= 63
    origin = origin_of(name)
    assert (origin.pid, origin.started) == (made.pid, made.started)
    assert not origin.is_abandoned
    assert agrees(name, made)
    assert not agrees(name, mark(host="elsewhere"))
    assert not agrees(name, Mark.new())


def test_a_name_is_of_a_killed_run_where_its_mark_would_be(mark, yesterday):
    assert origin_of(shadow_name("x", mark())).is_abandoned
    assert not origin_of(shadow_name("x", mark(host="elsewhere"))).is_abandoned
    assert origin_of(shadow_name("x", mark(host="elsewhere", started=yesterday))).is_abandoned


def test_the_longest_name_is_read(mark):
    name = shadow_name("x" * 80, mark(pid=4194304, started=2**31 - 1))

    assert len(name) == 63
    assert (origin_of(name).pid, origin_of(name).started) == (4194304, 2**31 - 1)


def test_no_other_name_is_taken_for_one(mark):
    name = shadow_name("models", mark())

    assert origin_of(name) is not None
    for place, letter in enumerate(name):
        other = "a" if letter != "a" else "b"
        assert origin_of(name[:place] + other + name[place + 1 :]) is None
    for other in (f"{name}_old", f"my_{name}", name.upper(), "driftcheck_shadow_models", ""):
        assert origin_of(other) is None
