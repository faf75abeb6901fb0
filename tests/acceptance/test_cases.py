"""Every acceptance case: what was done to a project, and what is found of it."""


def of(case, findings):
    """The findings that are about the objects of a case."""
    return [one for one in findings if case in f"{one['address']} {one['part_of']}"]


def on_one_line(code):
    return " ".join(code.split())


def told(findings):
    return sorted([one["rule"], one["address"]] for one in findings)


def test_case(group, case):
    said, (result, *_) = group
    wanted = said.cases[case]
    assert result.stdout, result.stderr

    found = of(case, result.database["findings"])
    phantoms = [one["phantom"] for one in found if one["phantom"]]
    errors = [one["colleague_error"] for one in phantoms if one["colleague_error"]]

    assert told(f for f in found if f["severity"] != "note") == sorted(wanted.findings)
    assert told(f for f in found if f["severity"] == "note") == sorted(wanted.notes)
    assert sorted(on_one_line(one["operation"]) for one in phantoms) == sorted(wanted.phantoms)
    assert sorted(errors) == sorted(wanted.errors)
    assert sum(f["blind_spot"] for f in found) == wanted.blind_spots
    if wanted.remedies is not None:
        remedies = [each["summary"] for one in found for each in one["remedy"]]
        assert sorted(set(remedies)) == sorted(wanted.remedies)
    if wanted.code is not None:
        remedies = [each for one in found for each in one["remedy"]]
        code = [each["code"] for each in remedies if each["language"] == "python"]
        assert "\n".join(code).splitlines() == wanted.code
    if wanted.evidence is not None:
        evidence = [one["evidence"]["text"] for one in found if one["evidence"]]
        assert sorted(evidence) == sorted(wanted.evidence)


def test_group(group):
    said, results = group
    for run, result in zip(said.runs, results, strict=True):
        assert result.status == run["status"], result.stdout + result.stderr
        assert result.stderr == ""
        claimed = [one for case in said.cases for one in of(case, result.database["findings"])]
        rest = [one for one in result.database["findings"] if one not in claimed]
        assert sorted([one["rule"], one["address"] or ""] for one in rest) == sorted(said.findings)
        for words in said.says:
            assert words in result.stdout
