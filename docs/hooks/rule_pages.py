"""The pages of the rules: what the table of rules says, around the text of docs/rules/NAME.md."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from driftcheck.judging.comparison import ChangeType
from driftcheck.judging.findings import Severity, Verdict
from driftcheck.judging.rules import (
    CHANGES,
    DECLARED_TWICE,
    DRIFT_NAME_OF_SERVER,
    DRIFT_NEVER_CREATED,
    DRIFT_NOT_NAMED_BY_CODE,
    DRIFT_OF_BROKEN_HISTORY,
    DRIFT_OF_UNKNOWN_STAMP,
    DROPPED_BY_REVISION,
    FAULTS,
    HAZARDS,
    NOTED,
    OTHER_ORDER,
    PENDING_NAME,
    REMARKS,
    TWICE,
    UNDECLARED,
    UNSAID,
    Rule,
)

DIRECTORY = Path(__file__).parent.parent / "rules"

_UNKNOWN = (DRIFT_OF_UNKNOWN_STAMP, DRIFT_OF_BROKEN_HISTORY)

_OTHER_RULES: dict[str, tuple[Rule, ...]] = {
    "drift-missing": (
        DRIFT_NOT_NAMED_BY_CODE[ChangeType.MISSING],
        DRIFT_NEVER_CREATED,
        *_UNKNOWN,
    ),
    "drift-extra": (DROPPED_BY_REVISION[Verdict.DRIFT, ChangeType.EXTRA], *_UNKNOWN),
    "drift-changed": (OTHER_ORDER, *_UNKNOWN),
    "drift-renamed": (
        DRIFT_NOT_NAMED_BY_CODE[ChangeType.RENAMED],
        DRIFT_NAME_OF_SERVER,
        *_UNKNOWN,
    ),
    "pending-missing": (DROPPED_BY_REVISION[Verdict.PENDING, ChangeType.MISSING],),
    "pending-renamed": (PENDING_NAME,),
    "hand-applied-extra": (DROPPED_BY_REVISION[Verdict.HAND_APPLIED, ChangeType.EXTRA],),
}
"""The rules that share the identity of another one, by the name of its page."""

_FAMILIES = (
    ("drift", "Drift", "The live database was changed outside the migrations."),
    ("pending", "Pending", "The models were changed, and no migration contains the change."),
    ("unapplied", "Unapplied", "Migrations have not run on this database."),
    ("hand-applied", "Hand-applied", "The live database and the models have the same change."),
    ("conflict", "Conflict", "The live database and the models have different changes."),
    ("difference", "Two databases", "What `driftcheck diff` finds."),
    ("note", "Notes about changes", "Changes that never fail a check."),
    ("history", "History", "The migrations themselves."),
    ("stamp", "Stamp", "The version table of the live database."),
    ("live", "Live database", "Facts about the live database."),
    ("locate", "Locate", "What `driftcheck locate` finds."),
    ("colleague", "Simulations", "What `driftcheck simulate-colleague` finds."),
    ("gate", "Gate", "What `driftcheck gate` finds."),
    ("hazard", "Hazards", "What migrations do to tables in use. `--fail-on hazards` takes them."),
    ("", "Other", "Models, imports, and the list of what is ignored."),
)
"""The groups of the pages: the beginning of their names, a title, and what they have in common."""


_NOT_TO_IGNORE = ("ignore-", "baseline-")
"""The beginnings of the names of rules about what is ignored."""


@dataclass(frozen=True)
class RulePage:
    """A page of the site about one rule.

    Attributes:
        name: The name of its file, without the ending.
        identity: The identity of the rule. ``KIND`` stands for a kind of object, ``VERDICT`` for a
            verdict, ``CHANGE`` for a type of change.
        rules: The rule, and others that have the same identity.
    """

    name: str
    identity: str
    rules: tuple[Rule, ...]

    @property
    def family(self) -> int:
        """The position of its group."""
        return next(at for at, (start, *_) in enumerate(_FAMILIES) if self.name.startswith(start))

    @property
    def is_about_objects(self) -> bool:
        """Whether the findings have an address."""
        return "KIND" in self.identity


def pages() -> dict[str, RulePage]:
    """Return the page of each rule, by its name, in the order of the navigation."""
    found = [*_of_changes(), *_of_notes()]
    found += [RulePage(name, name, (rule,)) for name, rule in (FAULTS | REMARKS).items()]
    found += [RulePage(f"hazard-{name}", f"hazard-{name}", (r,)) for name, r in HAZARDS.items()]
    return {page.name: page for page in sorted(found, key=lambda page: page.family)}


def _of_changes() -> Iterable[RulePage]:
    for verdict in Verdict:
        rows = {change: CHANGES[verdict, change] for change in ChangeType}
        if len(set(rows.values())) == 1:
            yield RulePage(verdict, f"{verdict}-KIND-CHANGE", (rows[ChangeType.CHANGED],))
            continue
        for change, rule in rows.items():
            name = f"{verdict}-{change}"
            others = _OTHER_RULES.get(name, ())
            yield RulePage(name, f"{verdict}-KIND-{change}", (rule, *others))


def _of_notes() -> Iterable[RulePage]:
    for reason, rule in NOTED.items():
        yield RulePage(f"note-{reason}", f"VERDICT-KIND-{reason}", (rule,))
    for reason, rule in {UNSAID: UNDECLARED, TWICE: DECLARED_TWICE}.items():
        yield RulePage(f"note-{reason}", f"pending-KIND-{reason}", (rule,))


def navigation() -> list[dict[str, list[str]]]:
    """Return the pages for the navigation, by group."""
    groups: dict[str, list[str]] = {title: [] for _, title, _ in _FAMILIES}
    for page in pages().values():
        groups[_FAMILIES[page.family][1]].append(f"rules/{page.name}.md")
    return [{title: names} for title, names in groups.items() if names]


def index() -> str:
    """Return a table of the rules for each group."""
    parts = []
    for at, (_, title, common) in enumerate(_FAMILIES):
        rows = [
            f"| [`{page.identity}`]({page.name}.md) | {page.rules[0].severity} | "
            f"{_general(page.rules[0].message)} |"
            for page in pages().values()
            if page.family == at
        ]
        head = ["| rule | severity | finding |", "|---|---|---|"]
        parts.append("\n".join([f"## {title}", "", common, "", *head, *rows]))
    return "\n\n".join(parts)


def completed(name: str, markdown: str) -> str:
    """Return the text of a page with what the table of rules says, and with how to ignore it.

    Args:
        name: The name of the page.
        markdown: Its text: a title, and the sections ``Example``, ``How it comes about`` and
            ``What to do``.
    """
    page = pages()[name]
    title, _, text = markdown.partition("\n")
    parts = [title, f"*{page.rules[0].severity}* · {_failing(page)}", _quoted(page.rules[0])]
    parts.append(text.strip())
    if len(page.rules) > 1:
        parts += ["## Other messages", "The rule has other messages in special cases:"]
        parts += ["\n>\n> ---\n>\n".join(map(_quoted, page.rules[1:]))]
    if not name.startswith(_NOT_TO_IGNORE):
        parts.append(_ignoring(page))
    return "\n\n".join(parts)


def _failing(page: RulePage) -> str:
    """Return when a finding of the rule fails a check."""
    if page.rules[0].severity is Severity.ERROR:
        return "fails the check"
    if page.rules[0].severity is Severity.WARNING and page.name.startswith(Verdict.UNAPPLIED):
        return f"fails the check only if `--fail-on` names `{Verdict.UNAPPLIED}`"
    group = " or `hazards`" if page.name.startswith("hazard") else ""
    return f"fails the check only if `--fail-on` names the rule{group}"


def _quoted(rule: Rule) -> str:
    quoted = f"> {_general(rule.message)}"
    return f"{quoted}\n>\n> {rule.impact}" if rule.impact else quoted


def _general(message: str) -> str:
    """Return a message with a sign in place of what is different in each finding."""
    text = re.sub(r"\{kind\} \{(\w+)\}", "KIND NAME", message)
    text = re.sub(r"\{difference\}", "", text)
    text = re.sub(r"\{(\w+)\}", lambda hole: _HOLES.get(hole[1], hole[1].upper()), text)
    return text.replace("|", r"\|").replace("*", r"\*").replace("_", r"\_")


_HOLES = {"0": "VALUE", "1": "VALUE", "new_name": "NEW-NAME"}


def _ignoring(page: RulePage) -> str:
    rule = page.identity.replace("KIND", "*").replace("CHANGE", "*").replace("VERDICT", "*")
    if page.is_about_objects:
        how = f"driftcheck ignore 'public.audit_*' --rule '{rule}' --reason 'Why it is accepted.'"
        return (
            f"## How to ignore it\n\n```sh\n{how}\n```\n\nwrites an entry for these objects into "
            "`pyproject.toml`. [Ignoring findings](../configuration.md#ignoring-findings) has the "
            "patterns."
        )
    return (
        "## How to ignore it\n\n```toml\n[tool.driftcheck]\nignore = [\n"
        f'  {{rule = "{rule}", reason = "Why it is accepted."}},\n]\n```\n\n'
        "An entry without `address` matches every finding of the rule. "
        "[Ignoring findings](../configuration.md#ignoring-findings) has more."
    )
