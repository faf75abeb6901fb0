"""What a release consists of, and what must agree before there is one."""

import subprocess
import sys
import tarfile
from pathlib import Path
from shutil import copytree, ignore_patterns
from zipfile import ZipFile

import pytest

import driftcheck

CHECKOUT = Path(__file__).resolve().parent.parent
NAME = f"driftcheck-{driftcheck.__version__}"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The directory of a wheel and an sdist."""
    directory = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--directory", directory],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    )
    return directory


def test_the_wheel_is_the_package(built):
    (wheel,) = built.glob("*.whl")
    names = ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"driftcheck", f"{NAME}.dist-info"}
    assert {"driftcheck/py.typed", "driftcheck/demo/app.txt"} <= set(names)


def test_the_sdist_is_what_is_needed_to_build(built):
    with tarfile.open(built / f"{NAME}.tar.gz") as sdist:
        names = {name.split("/")[1] for name in sdist.getnames()}
    files = {".gitignore", "CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml"}
    assert names == files | {"driftcheck"}


@pytest.mark.parametrize(
    ("tag", "line", "said"),
    [
        (f"v{driftcheck.__version__}", f"## [{driftcheck.__version__}] - 2026-12-01", ""),
        (f"v{driftcheck.__version__}", "## [Unreleased]", "has no line"),
        ("v99", "## [99] - 2026-12-01", "The tag is v99"),
    ],
)
def test_a_tag_agrees_with_the_version_and_the_changelog(tag, line, said, tmp_path):
    copytree(CHECKOUT / ".ci", tmp_path / ".ci", ignore=ignore_patterns("__pycache__"))
    (tmp_path / "driftcheck").mkdir()
    source = (CHECKOUT / "driftcheck" / "__init__.py").read_text("utf-8")
    (tmp_path / "driftcheck" / "__init__.py").write_text(source)
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n{line}\n")
    done = subprocess.run(
        ["bash", tmp_path / ".ci" / "check-tag", tag], capture_output=True, text=True, check=False
    )
    assert done.returncode == bool(said)
    assert said in done.stderr
