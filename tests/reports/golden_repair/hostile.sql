-- Written by driftcheck repair for @team #1 ]]><b>&amp;</b> | `` ~~~ *x* _y_ [a](http://b) www.c.d 100%,a=b::error::##[error] $x$
-- ```
-- # Schüler 学生 🎓 \x00\ufffe\udc80\x1b[2J, PostgreSQL 16.4
-- postgresql://app@localhost:5432/school, stamped with 0414d1b7a2ae
-- @team #1 ]]><b>&amp;</b> | `` ~~~ *x* _y_ [a](http://b) www.c.d 100%,a=b::error::##[error] $x$
-- ```
-- # Schüler 学生 🎓 \x00\ufffe\udc80\x1b[2J
-- [bold]x[/bold]\x1b[31m\x9b2J\u202edrop\u2066
-- \xa0\u200b'"\
\set ON_ERROR_STOP on

BEGIN;

-- Step 1: [bold]x[/bold]\x1b[31m\x9b2J\u202edrop\u2066
-- \xa0\u200b'"\ [drift-column-missing]
--   @team #1 ]]><b>&amp;</b> | `` ~~~ *x* _y_ [a](http://b) www.c.d 100%,a=b::error::##[error] $x$
-- ```
-- # Schüler 学生 🎓 \x00\ufffe\udc80\x1b[2J
[bold]x[/bold][31m2J‮drop⁦
 ​'"\;

COMMIT;

-- By hand: @team #1 ]]><b>&amp;</b> | `` ~~~ *x* _y_ [a](http://b) www.c.d 100%,a=b::error::##[error] $x$
-- ```
-- # Schüler 学生 🎓 \x00\ufffe\udc80\x1b[2J
