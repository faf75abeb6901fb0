"""Strings that are values of common types: long and large values first, then typical ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

_SEVERAL = 6
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_LONG = 300
"""Longer than 255, to which columns are often narrowed, and not too long for an index."""
_LONGEST = 2000
_SHAPES = (
    "word",
    "WORD",
    "someone@example.com",
    "https://example.com/page",
    "/a/path",
    "+15550100",
    "2024-01-31",
    "12:30",
    "#a1b2c3",
    "en",
    "EN",
    "en_US",
    "USD",
    "a-slug",
    "a_name",
    "ABC1",
    "1.0",
    "1",
    "0",
    "192.0.2.1",
    "7d793037-a076-4b1f-9c9e-2f6f5e1f1b1a",
    "{}",
    "[]",
    "Two Words",
    "",
)
_BEGINNING = datetime(2024, 1, 31, 12, 30, 15, 123456, tzinfo=UTC)

_STRING = re.compile(r"'((?:[^']|'')*)'")
_NUMBER = re.compile(r"(?<![\w.'])-?\d+(?:\.\d+)?(?![\w.])|(?<=[{,])\d+(?=[,}])")


def strings(length: int | None) -> Iterator[str]:
    """Strings of the maximal length, then strings in typical formats."""
    limit = min(length or _LONG, _LONGEST)
    for digit in _DIGITS[1 : 1 + _SEVERAL]:
        yield (digit + " some text" * (limit // 10 + 1))[:limit].rstrip().ljust(limit, ".")
    yield from (shape for shape in _SHAPES if len(shape) <= (length or _LONG))
    yield from _DIGITS


def strings_of_length(length: int) -> Iterator[str]:
    """Strings of a length: lower case, upper case, digits."""
    if 0 < length <= _LONGEST:
        yield from (letter * length for letter in "aA1bB2cC3")


def integers(bits: int) -> Iterator[str]:
    """Numbers that do not fit into a smaller type, then small numbers."""
    large = {16: 30_000, 32: 100_000, 64: 5_000_000_000}[bits]
    yield from (str(large + i) for i in range(1, 1 + _SEVERAL))
    yield from ("1", "2", "3", "4", "5", "6", "10", "100", "0", "-1")


def decimals(precision: int | None, scale: int) -> Iterator[str]:
    """Numbers with the maximal number of digits, then small numbers."""
    if precision is None:
        yield from (f"{12_345_678_901 + i}.123456" for i in range(_SEVERAL))
    else:
        for i in range(min(_SEVERAL, 10**precision - 1)):
            yield format(Decimal(10**precision - 1 - i).scaleb(-scale), "f")
    yield from ("0.5", "0.25", "1", "2", "3", "10", "100", "0", "-1")


def days() -> Iterator[str]:
    """Dates."""
    yield from (timestamp[:10] for timestamp in timestamps(timedelta(days=1)))


def timestamps(step: timedelta = timedelta(hours=25)) -> Iterator[str]:
    """Timestamps with microseconds, one step apart; then one in the future and one in the past."""
    for i in range(2 * _SEVERAL):
        yield (_BEGINNING + i * step).strftime("%Y-%m-%d %H:%M:%S.%f")
    yield from ("2099-12-31 00:00:00", "1990-01-01 00:00:00")


def times() -> Iterator[str]:
    """Times of day."""
    yield from (f"{hour:02}:30:15.123456" for hour in range(8, 8 + _SEVERAL))


def bits(length: int) -> Iterator[str]:
    """Bit strings."""
    yield from (format(i, "b").zfill(length)[-length:] for i in range(1, 1 + _SEVERAL))


def uuids() -> Iterator[str]:
    """UUIDs."""
    yield from (f"{i}d793037-a076-4b1f-9c9e-2f6f5e1f1b1a" for i in range(1, 1 + _SEVERAL))


def documents() -> Iterator[str]:
    """JSON."""
    yield from (f'{{"number": {i}, "list": [1, null, "text"]}}' for i in range(1, 1 + _SEVERAL))
    yield from ("{}", "[]", '["text"]', '"text"', "1", "true", "null")


def values_near(condition: str) -> Iterator[str]:
    """The strings and numbers in a condition, and values near them, which often satisfy a check."""
    strings = [text.replace("''", "'") for text in _STRING.findall(condition)]
    yield from strings
    numbers = [Decimal(number) for number in _NUMBER.findall(condition)]
    for number in numbers:
        yield from (format(number + step, "f") for step in (0, 1, -1))
    for number in numbers:
        if number == number.to_integral_value():
            for length in (int(number), int(number) + 1, int(number) - 1):
                yield from strings_of_length(length)
