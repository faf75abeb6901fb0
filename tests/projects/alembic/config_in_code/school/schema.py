from alembic.config import Config
from sqlalchemy import create_engine

from database import url


def alembic_config():
    config = Config()
    config.set_main_option("script_location", "migrations")
    config.attributes["connection"] = create_engine(url).connect()
    return config
