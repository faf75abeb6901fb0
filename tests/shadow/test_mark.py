import os

from driftcheck.databases.shadow.mark import Mark


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
