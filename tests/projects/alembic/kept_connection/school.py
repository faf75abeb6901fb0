from alembic.config import Config

import models


def config():
    return Config("alembic.ini")
