"""The database in which a statement of MySQL writes."""

import pytest

from driftcheck.databases.mysql.written_database import databases_written


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE shop.boxes (id INTEGER)",
        "\nCREATE TABLE IF NOT EXISTS `shop`.`my boxes` (\n id INTEGER)",
        "ALTER TABLE shop.boxes ADD COLUMN a int",
        "DROP TABLE IF EXISTS boxes, shop.boxes",
        "RENAME TABLE boxes TO shop.boxes",
        "TRUNCATE shop.boxes",
        "INSERT IGNORE INTO shop.boxes (id) VALUES (1)",
        "INSERT shop.boxes VALUES (1)",
        "REPLACE INTO shop.boxes VALUES (1)",
        "UPDATE LOW_PRIORITY shop.boxes SET a = 1",
        "DELETE FROM shop.boxes",
        "WITH few AS (SELECT 1) DELETE FROM shop.boxes",
        "WITH few AS (SELECT 1) UPDATE shop.boxes SET a = 1",
        "UPDATE boxes JOIN shop.boxes AS b SET shop.b.a = 1",
        "DELETE QUICK FROM shop . boxes",
        "CREATE UNIQUE INDEX i ON shop.boxes (a)",
        "DROP INDEX i ON shop.boxes",
        "CREATE VIEW shop.v AS SELECT 1",
        "DROP PROCEDURE shop.p",
        "USE shop",
        "/*!40000 ALTER TABLE shop.boxes DISABLE KEYS */",
        "/* about it */ DELETE FROM shop.boxes",
    ],
)
def test_a_named_database(statement):
    assert databases_written(statement) == ("shop",)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE boxes (id INTEGER, f FLOAT DEFAULT 0.5, CHECK (boxes.id > 0))",
        "CREATE INDEX i ON boxes (a)",
        "INSERT INTO boxes (a) VALUES ('drop table shop.boxes'), (\"use shop\")",
        "INSERT INTO boxes (a) VALUES (1) ON DUPLICATE KEY UPDATE boxes.a = 1",
        "UPDATE boxes SET a = boxes.a + 1 WHERE boxes.id = 1",
        "DELETE FROM boxes WHERE boxes.id = 1",
        "SELECT shop.boxes.a FROM shop.boxes",
        "WITH few AS (SELECT a FROM shop.boxes) SELECT few.a FROM few",
        "CREATE VIEW v AS SELECT a, shop.boxes.b = 1 FROM shop.boxes",
        "SHOW CREATE TABLE `shop`.`boxes`",
        "CREATE TABLE t (p INTEGER, FOREIGN KEY (p) REFERENCES shop.boxes (id))",
        "ALTER TABLE boxes RENAME COLUMN a TO b",
        "-- in shop.boxes\nUPDATE boxes SET a = 1",
    ],
)
def test_no_database_is_named(statement):
    assert databases_written(statement) == ()
