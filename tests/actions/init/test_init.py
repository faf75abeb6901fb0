"""``driftcheck init`` on real projects: what it shows, what it writes, and that it does so once."""

import os
import pty
import subprocess
import sys
import tomllib

import pytest
import yaml

from tests.conftest import _clean_environment

TABLE = 'Table("students", metadata, Column("id", Integer, primary_key=True))'
CREATE = 'op.create_table("students", sa.Column("id", sa.Integer(), primary_key=True))'
OPTIONS = ', **models.get("options", {})'
WORKFLOW = ".github/workflows/driftcheck.yml"


@pytest.fixture
def project(sketch):
    """An Alembic project in a repository, with a live database in a file."""
    one = sketch()
    one.models(TABLE)
    environment = one.root / "migrations" / "env.py"
    environment.write_text(environment.read_text().replace(OPTIONS, ""))  # they may have a hook
    one.revision("0001", CREATE)
    one.upgrade()
    subprocess.run(["git", "init", "--quiet"], cwd=one.root, check=True)
    return one


def files(root):
    """The files of the project with their contents, without those of git and Python."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not {".git", "__pycache__"} & set(path.parts)
    }


def test_everything_is_shown_then_written_then_there_is_nothing_to_do(project):
    (project.root / ".github").mkdir()
    before = files(project.root)
    shown = project.run("init")
    assert (shown.status, shown.stderr) == (1, "")
    assert "+++ .github/workflows/driftcheck.yml" in shown.stdout
    assert "+++ migrations/env.py" in shown.stdout
    assert shown.stdout.endswith("Nothing was written. Add --yes to write it.\n")
    assert files(project.root) == before

    written = project.run("init", "--yes")
    assert (written.status, written.stderr) == (0, "")
    after = files(project.root)
    assert {name for name in after if after[name] != before.get(name)} == {
        WORKFLOW,
        "migrations/env.py",
    }
    assert b"pip install 'driftcheck'\n" in after[WORKFLOW]
    assert project.run("guard").status == 0

    again = project.run("init", "--yes")
    assert (again.status, again.stdout, again.stderr) == (0, "Nothing to do.\n", "")
    assert files(project.root) == after


def test_only_settings_that_cannot_be_detected_are_written(project):
    pyproject = project.root / "pyproject.toml"
    pyproject.write_text("# ours\n[project]\nname = 'shop' # quoted so\n")
    (project.root / "alembic.ini").rename(project.root / "migrations" / "other.ini")
    ini = project.root / "migrations" / "other.ini"
    ini.write_text(ini.read_text().replace("%(here)s/migrations", "%(here)s"))
    (project.root / "models.py").rename(project.root / "migrations" / "models.py")
    options = ("-c", "migrations/other.ini", "-x", "tenant=a", "-d", f"sqlite:///{project.live}")
    result = project.run("init", *options[:4], "--ci", "none", "--no-guard", "--yes")
    assert result.status == 0, result
    assert pyproject.read_text().startswith("# ours\n[project]\nname = 'shop' # quoted so\n")
    section = tomllib.loads(pyproject.read_text())["tool"]["driftcheck"]
    assert section == {"config": "migrations/other.ini", "x": ["tenant=a"]}
    assert project.run("init", "--ci", "none", "--no-guard").stdout == "Nothing to do.\n"
    assert project.compare().status == 0


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("git@github.com:me/shop.git", WORKFLOW),
        ("https://gitlab.example.com/me/shop.git", ".gitlab-ci.yml"),
        ("", ""),
    ],
)
def test_the_ci_of_the_remote(project, address, name):
    if address:
        subprocess.run(["git", "remote", "add", "o", address], cwd=project.root, check=True)
    result = project.run("init", "--no-guard", "--yes")
    if name:
        assert (project.root / name).is_file()
    else:
        assert "--ci github or --ci gitlab" in result.stdout
        assert result.stdout.endswith("Nothing else to do.\n")


def test_a_project_below_its_repository_gets_a_job_in_the_repository(sketch, project):
    outer = project.root / "outer"
    inner = outer / 'it\'s a "backend"'
    subprocess.run(["git", "init", "--quiet", str(outer)], check=True)
    inner.mkdir()
    for name in ("alembic.ini", "models.py", "migrations"):
        (project.root / name).rename(inner / name)
    project.root = inner
    assert project.run("init", "--ci", "gitlab", "--no-guard", "--yes").status == 0
    text = (outer / ".gitlab-ci.yml").read_text()
    assert yaml.safe_load(text)["driftcheck"]["script"][0] == """cd 'it'"'"'s a "backend"'"""
    assert not (inner / ".gitlab-ci.yml").exists()


def test_a_question_on_a_terminal(project):
    assert "[github/gitlab/none]" in answered(project, b"github\n", b"n\n")
    assert not (project.root / WORKFLOW).exists()
    told = answered(project, b"jenkins\n", b"github\n", b"y\n")
    assert told.count("[github/gitlab/none]") == 2
    assert "Write migrations/env.py, .github/workflows/driftcheck.yml? [y/N]" in told
    assert (project.root / WORKFLOW).is_file()


def answered(project, *answers):
    """Run init on a terminal, and give an answer to each question."""
    main, other = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "driftcheck", "init"],
        cwd=project.root,
        env=_clean_environment() | {"TERM": "dumb"},
        stdin=other,
        stdout=other,
        stderr=other,
    ):
        os.close(other)
        told = b""
        waiting = [*answers]
        while True:
            try:
                read = os.read(main, 4096)
            except OSError:
                break
            told += read
            if told.endswith(b"] ") and waiting:
                os.write(main, waiting.pop(0))
    os.close(main)
    return told.decode()


def test_nothing_is_half_written(project):
    """A directory that cannot be made, after another file was written."""
    (project.root / ".github").mkdir()
    (project.root / ".github" / "workflows").symlink_to("nowhere")
    before = files(project.root)
    result = project.run("init", "--ci", "github", "--yes")
    assert (result.status, "Traceback" in result.stderr) == (3, False)
    assert ".github" in result.stderr
    assert files(project.root) == before


def test_a_project_that_cannot_be_loaded(project, tmp_path):
    (project.root / "models.py").write_text("1 / 0\n")
    before = files(project.root)
    result = project.run("init", "--ci", "github", "--yes")
    assert result.status == 3
    assert "ZeroDivisionError" in result.stderr
    assert files(project.root) == before


def test_variables_that_name_the_database_are_placeholders(sketch, pg18):
    project = sketch(pg18)
    project.models(TABLE)
    project.revision("0001", CREATE)
    environment = project.root / "migrations" / "env.py"
    text = environment.read_text().replace(
        'config.get_main_option("sqlalchemy.url")', '__import__("os").environ["SHOP_URL"]'
    )
    environment.write_text(text)
    url = project.live.url.set(password="s3cr3t-w0rd").render_as_string(hide_password=False)
    options = ("--ci", "github", "--no-guard", "--yes")
    result = project.run("init", *options, SHOP_URL=url, OTHER_URL=url)
    assert result.status == 0, result
    text = (project.root / WORKFLOW).read_text()
    assert f'SHOP_URL: "postgresql+psycopg2://nobody@localhost/{project.live.name}" #' in text
    assert "OTHER_URL" not in text
    assert "s3cr3t-w0rd" not in text + result.stdout
    assert "pip install 'driftcheck[embedded]'" in text


def test_mariadb_needs_a_server(sketch, mariadb_database):
    project = sketch()
    project.name_database(mariadb_database().text_url)
    result = project.run("init", "--ci", "github", "--no-guard", "--yes")
    assert result.status == 0
    assert "--shadow URL" in result.stdout
    assert not (project.root / ".github").exists()
