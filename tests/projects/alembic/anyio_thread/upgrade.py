import anyio
import anyio.to_thread
from alembic import command
from alembic.config import Config

anyio.run(anyio.to_thread.run_sync, command.upgrade, Config("alembic.ini"), "head")
