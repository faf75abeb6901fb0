"""Changes of ``[tool.driftcheck]`` leave the rest of ``pyproject.toml`` as it is."""

import tomllib
from pathlib import Path

import pytest

from driftcheck.config.pyproject_file import PyprojectFile
from driftcheck.errors import ConfigurationError


def with_app(text):
    file = PyprojectFile(text, Path("pyproject.toml"))
    file.section()["app"] = "shop"
    return file.text()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[tool.driftcheck]\napp = "shop"\n'),
        ("[project]\n", '[project]\n\n[tool.driftcheck]\napp = "shop"\n'),
        (
            "[tool.poetry]\nname = 1\n\n[build-system]\n",
            '[tool.poetry]\nname = 1\n\n[tool.driftcheck]\napp = "shop"\n\n[build-system]\n',
        ),
        ("[tool.x]\r\n[y]\r\n", '[tool.x]\r\n\r\n[tool.driftcheck]\r\napp = "shop"\r\n\r\n[y]\r\n'),
        (
            "[tool.driftcheck]\nname = 'a' # why\n[x]\n",
            "[tool.driftcheck]\nname = 'a' # why\napp = \"shop\"\n[x]\n",
        ),
    ],
)
def test_the_rest_stays(before, after):
    assert with_app(before) == after
    assert tomllib.loads(after)["tool"]["driftcheck"]["app"] == "shop"


@pytest.mark.parametrize(
    "text", ["[[tool.driftcheck]]\n", "tool = 1\n", "[tool]\ndriftcheck = 1\n"]
)
def test_a_section_that_is_no_table(text):
    with pytest.raises(ConfigurationError, match="is not a table"):
        with_app(text)
