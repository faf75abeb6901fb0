"""The format that most CI servers read: JUnit XML.

A finding is a test case: a failure if it fails the check, otherwise skipped with its message, which
CI servers show without marking it as an error. A gap without findings is a test case that passed.

There is no standard; the elements are those that Jenkins, GitLab and Maven Surefire agree on.

https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from driftcheck.errors import ExitCode
from driftcheck.judging.findings import Finding, IgnoredFinding
from driftcheck.judging.report import DatabaseReport, Report
from driftcheck.reports.output_style import PLAIN, OutputStyle
from driftcheck.reports.prose import paragraphs
from driftcheck.reports.terminal.conclusion import outcome
from driftcheck.reports.visible import visible

_COUNTED = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}


def render(report: Report, output: OutputStyle = PLAIN) -> str:
    """Render a test suite for each database.

    Unless the stream is UTF-8, characters outside ASCII are written as character references.
    """
    root = Element("testsuites", name=report.command)
    for database in report.databases:
        suite = SubElement(root, "testsuite", name=database.name)
        suite.extend(_cases(database, report, output))
        _count(suite)
    _count(root)
    _make_visible(root)
    indent(root)
    utf8 = output.encoding.lower().replace("-", "") == "utf8"
    text = tostring(root, "unicode") if utf8 else tostring(root, "us-ascii").decode("ascii")
    return f"<?xml version='1.0' encoding='utf-8'?>\n{text}\n"


def _count(element: Element) -> None:
    for attribute, tag in _COUNTED.items():
        element.set(attribute, str(len([*element.iter(tag)])))
    element.set("time", "0")


def _make_visible(root: Element) -> None:
    """Escape the characters that XML does not allow, such as controls and surrogates."""
    for element in root.iter():
        for name, text in element.attrib.items():
            element.set(name, visible(text))
        if element.text is not None:
            element.text = visible(element.text, keep="\n\t")


def _cases(database: DatabaseReport, report: Report, output: OutputStyle) -> Iterator[Element]:
    findings = (*database.findings, *(ignored.finding for ignored in database.ignored))
    for gap in database.gaps:
        if not any(gap in finding.gaps for finding in findings):
            yield Element("testcase", classname=f"driftcheck.{gap}", name="in step", time="0")
    if report.exit_code is ExitCode.CANNOT_CHECK:
        case = Element("testcase", classname="driftcheck", name="everything was compared", time="0")
        SubElement(case, "error", message=outcome(report))
        yield case
    yield from (_case(finding, report, output) for finding in database.findings)
    yield from (_ignored(ignored, output) for ignored in database.ignored)


def _case(finding: Finding, report: Report, output: OutputStyle) -> Element:
    case = _bare(finding, output)
    fails = report.fails(finding)
    result = SubElement(case, "failure" if fails else "skipped", message=finding.message)
    if fails:
        result.set("type", finding.rule)
    result.text = "\n\n".join(paragraphs(finding, PLAIN))
    return case


def _ignored(ignored: IgnoredFinding, output: OutputStyle) -> Element:
    case = _bare(ignored.finding, output)
    until = f" until {ignored.until}" if ignored.until else ""
    reason = f"ignored{until}: {ignored.reason}"
    SubElement(case, "skipped", message=reason).text = ignored.finding.message
    return case


def _bare(finding: Finding, output: OutputStyle) -> Element:
    """Return a test case whose name is the same in every run, so that CI can show its history."""
    about = finding.address.sql if finding.address else finding.message
    group = finding.gaps[0] if finding.gaps else "project"
    case = Element("testcase", classname=f"driftcheck.{group}", name=f"{finding.rule} {about}")
    case.set("time", "0")
    if finding.location is not None:
        case.set("file", output.path(finding.location.file))
        if finding.location.line is not None:
            case.set("line", str(finding.location.line))
    return case
