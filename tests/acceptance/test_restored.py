"""A database that was dumped and restored holds its columns in other places, and has no drift."""

import subprocess

from driftcheck.databases.postgresql.shadow.binaries import embedded_installations


def test_a_restored_database(sketch, database, pg18):
    project = sketch(pg18)
    project.models(
        'Table("students", metadata, Column("id", Integer, primary_key=True),'
        ' Column("name", Text, index=True), Column("years", Integer))'
    )
    project.revision(
        "0001",
        'op.create_table("students", sa.Column("left", sa.Text()),'
        ' sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()),'
        ' sa.Column("years", sa.Integer()))\n'
        'op.create_index("ix_students_name", "students", ["name"])\n'
        'op.drop_column("students", "left")\n'
        'op.execute("CREATE VIEW named AS SELECT name FROM students WHERE years > 5")',
    )
    project.upgrade()
    restored = database(pg18)
    (installation,) = [one for one in embedded_installations() if one.major == 18]
    place = ["-h", project.live.url.query["host"], "-p", project.live.url.query["port"]]
    place += ["-U", project.live.url.username]
    dump = subprocess.run(
        [installation.bin / "pg_dump", *place, "-Fc", project.live.name],
        capture_output=True,
        check=True,
    ).stdout
    subprocess.run(
        [installation.bin / "pg_restore", *place, "-d", restored.name],
        input=dump,
        check=True,
    )
    shadow = pg18.server.set(database="postgres").render_as_string(hide_password=False)

    clean = project.compare("-d", restored.text_url, "--shadow", shadow)
    assert (clean.status, clean.findings) == (0, []), clean.stdout + clean.stderr

    restored.execute("ALTER TABLE students DROP years CASCADE")
    dropped = project.compare("-d", restored.text_url, "--shadow", shadow)
    assert dropped.findings == [
        ("drift-column-missing", "public.students.years"),
        ("drift-view-missing", "public.named"),
    ]
