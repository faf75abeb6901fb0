"""The form that every CI server reads: JUnit's XML.

A gap, or a fault of the project, is a test case. What fails the check is a failure. What does not
is skipped with its message: that shows, and is red nowhere. What is in step has passed.

There is no standard; it keeps to what Jenkins, GitLab and Maven's Surefire agree on.

https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from driftcheck.errors import ExitCode
from driftcheck.judging.findings import DatabaseReport, Finding, Ignored, Report
from driftcheck.reports.page import PLAIN, Page
from driftcheck.reports.prose import paragraphs
from driftcheck.reports.terminal.verdict import outcome
from driftcheck.reports.visible import visible

_COUNTED = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}


def render(report: Report, page: Page = PLAIN) -> str:
    """Write a test suite for each database.

    Where the stream carries more than ASCII and is not UTF-8, the rest is written as references.
    """
    root = Element("testsuites", name=report.command)
    for database in report.databases:
        suite = SubElement(root, "testsuite", name=database.name)
        suite.extend(_cases(database, report, page))
        _count(suite)
    _count(root)
    _make_visible(root)
    indent(root)
    utf8 = page.encoding.lower().replace("-", "") == "utf8"
    text = tostring(root, "unicode") if utf8 else tostring(root, "us-ascii").decode("ascii")
    return f"<?xml version='1.0' encoding='utf-8'?>\n{text}\n"


def _count(element: Element) -> None:
    for attribute, tag in _COUNTED.items():
        element.set(attribute, str(len([*element.iter(tag)])))
    element.set("time", "0")


def _make_visible(root: Element) -> None:
    """No control, surrogate or other character that XML cannot hold is left."""
    for element in root.iter():
        for name, text in element.attrib.items():
            element.set(name, visible(text))
        if element.text is not None:
            element.text = visible(element.text, keep="\n\t")


def _cases(database: DatabaseReport, report: Report, page: Page) -> Iterator[Element]:
    found = (*database.findings, *(one.finding for one in database.ignored))
    for gap in database.gaps:
        if not any(gap in finding.gaps for finding in found):
            yield Element("testcase", classname=f"driftcheck.{gap}", name="in step", time="0")
    if report.exit_code is ExitCode.CANNOT_CHECK:
        case = Element("testcase", classname="driftcheck", name="all is compared", time="0")
        SubElement(case, "error", message=outcome(report))
        yield case
    yield from (_case(finding, report, page) for finding in database.findings)
    yield from (_ignored(one, page) for one in database.ignored)


def _case(finding: Finding, report: Report, page: Page) -> Element:
    case = _bare(finding, page)
    fails = report.fails(finding)
    result = SubElement(case, "failure" if fails else "skipped", message=finding.message)
    if fails:
        result.set("type", finding.rule)
    result.text = "\n\n".join(paragraphs(finding, PLAIN))
    return case


def _ignored(one: Ignored, page: Page) -> Element:
    case = _bare(one.finding, page)
    until = f" until {one.until}" if one.until else ""
    reason = f"ignored{until}: {one.reason}"
    SubElement(case, "skipped", message=reason).text = one.finding.message
    return case


def _bare(finding: Finding, page: Page) -> Element:
    """A test case whose name is the same in every run, so that its history can be followed."""
    about = finding.address.sql if finding.address else finding.message
    sort = finding.gaps[0] if finding.gaps else "project"
    case = Element("testcase", classname=f"driftcheck.{sort}", name=f"{finding.rule} {about}")
    case.set("time", "0")
    if finding.location is not None:
        case.set("file", page.path(finding.location.file))
        if finding.location.line is not None:
            case.set("line", str(finding.location.line))
    return case
