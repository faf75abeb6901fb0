from alembic import command

from school.schema import alembic_config

command.upgrade(alembic_config(), "head")
