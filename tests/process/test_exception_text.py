"""What is shown of an exception of the project's code."""

import pytest

from driftcheck.process.exception_text import exception_lines


def raised(code):
    try:
        exec(code)  # noqa: S102
    except BaseException as error:  # noqa: BLE001
        return exception_lines(error)
    raise AssertionError


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("raise ValueError", ["ValueError"]),
        (r"raise ValueError('\n two \n\n lines')", ["ValueError: two", " lines"]),
        (
            "try: int('x')\nexcept ValueError as e: raise RuntimeError('no settings') from e",
            [
                "RuntimeError: no settings",
                "caused by ValueError: invalid literal for int() with base 10: 'x'",
            ],
        ),
        ("try: int('x')\nexcept ValueError: raise LookupError('a') from None", ["LookupError: a"]),
        (
            "try: int('x')\nexcept ValueError as e: raise LookupError(f'a ({e})') from e",
            ["LookupError: a (invalid literal for int() with base 10: 'x')"],
        ),
        ("e = ValueError('a'); e.__cause__ = e; raise e", ["ValueError: a"]),
        (
            "raise ExceptionGroup('many', [ValueError('a'), ExceptionGroup('b', [KeyError('c')])])",
            [
                "ExceptionGroup: many (2 sub-exceptions)",
                "  ValueError: a",
                "  ExceptionGroup: b (1 sub-exception)",
                "    KeyError: 'c'",
            ],
        ),
        (
            r"e = ValueError('a'); e.add_note('set B\nand C'); raise e",
            ["ValueError: a", "set B", "and C"],
        ),
    ],
)
def test_the_cause_is_shown(code, lines):
    assert raised(code) == lines


def test_many_causes_do_not_fill_the_screen():
    groups = ", ".join(f"ValueError('number {number}')" for number in range(40))
    lines = raised(f"raise ExceptionGroup('many', [{groups}])")
    assert len(lines) == 16
    assert lines[-1] == "  ValueError: number 39"
