"""Plain SQL files as mysqldump and mariadb-dump write them run without their client."""

import pytest

from driftcheck.databases.connection import connect
from driftcheck.databases.mysql.dump_file import run_dump, statements
from driftcheck.errors import ConfigurationError

DUMP = r"""/*M!999999\- enable the sandbox mode */
-- Host: localhost; it's a dump
/*!40101 SET NAMES utf8mb4 */;
DROP TABLE IF EXISTS `a;b`;
CREATE TABLE `a;b` (
  `id` int(11) NOT NULL, # a note;
  `t` text DEFAULT '\';' COMMENT 'it''s; -- one'
);
LOCK TABLES `a;b` WRITE;
/*!40000 ALTER TABLE `a;b` DISABLE KEYS */;
INSERT INTO `a;b` VALUES (1,'x;y'),(2,"100% 'q'");
UNLOCK TABLES;
DELIMITER ;;
/*!50003 CREATE*/ /*!50003 TRIGGER tr before insert on `a;b` for each row begin
set new.t = 'a;b'; set @x = 1; end */;;
DELIMITER ;
/*!50001 CREATE VIEW `v` AS SELECT 1 AS `id`*/;
-- Dump completed
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]),
        ("-- a;b\nSELECT 1;", ["-- a;b\nSELECT 1"]),
        ("-- nothing\n/* at all; */\n;", []),
        ("DELIMITER $$\nBEGIN; END$$\ndelimiter ;\nSELECT 1;", ["BEGIN; END", "SELECT 1"]),
        ("SELECT 'a\\';', \";\", `;`, 1--2;", ["SELECT 'a\\';', \";\", `;`, 1--2"]),
        ("/*!1 SET a = ';' */;", ["/*!1 SET a = ';' */"]),
    ],
)
def test_statements(text, expected):
    assert [*statements(text)] == expected


def test_a_dump_runs(mariadb_database):
    live = mariadb_database()
    connection = connect(live.url)
    run_dump(connection, DUMP)
    connection.commit()
    connection.close()
    assert [*live.execute("SELECT * FROM `a;b`")] == [(1, "x;y"), (2, "100% 'q'")]
    assert [name for name, *_ in live.execute("SHOW TRIGGERS")] == ["tr"]
    assert [*live.execute("SELECT id FROM v")] == [(1,)]


def test_a_dump_that_names_its_database(mariadb_database):
    live = mariadb_database()
    connection = connect(live.url)
    with pytest.raises(ConfigurationError, match="names the database shop"):
        run_dump(connection, "CREATE TABLE t (a int);\nUSE `shop`;\nCREATE TABLE u (a int);\n")
    connection.close()
    assert [*live.execute("SHOW TABLES")] == [("t",)]
