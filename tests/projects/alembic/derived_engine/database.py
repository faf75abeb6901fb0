import os

from sqlalchemy import create_engine

engine = create_engine(os.environ["DATABASE_URL"]).execution_options(schema_translate_map={})
with engine.connect():
    pass
