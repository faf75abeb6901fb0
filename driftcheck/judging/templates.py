"""Fills the placeholders of messages and remedies with the values of a finding.

Every text with placeholders is filled here, so that a placeholder without a value raises an error
instead of reaching a report.
"""

from __future__ import annotations

from dataclasses import dataclass

from driftcheck.judging.findings import Remedy


def fill(template: str, *positional: object, **values: object) -> str:
    """Replace every placeholder of a template, such as ``{name}`` or ``{0}``, by its value.

    Args:
        template: The text. A value that itself contains braces is inserted unchanged.
        positional: The values of numbered placeholders.
        values: The values of named placeholders.

    Raises:
        LookupError: A placeholder has no value.
    """
    try:
        return template.format(*positional, **values)
    except LookupError as error:
        raise LookupError(f"No value for placeholder {error} of {template!r}") from error


@dataclass(frozen=True, slots=True)
class RemedyTemplate:
    """A remedy whose texts have placeholders. It is not a remedy before they are filled.

    Attributes:
        name: The name of the remedy.
        summary: A sentence that describes the remedy.
        language: The language of the code: ``sql``, ``python`` or ``shell``.
        code: The code to run or to write.
    """

    name: str
    summary: str
    language: str = ""
    code: str = ""

    def filled(self, **values: object) -> Remedy:
        """Return the remedy with every placeholder replaced.

        Raises:
            LookupError: A placeholder has no value.
        """
        summary, code = (fill(text, **values) for text in (self.summary, self.code))
        return Remedy(self.name, summary, self.language, code)
