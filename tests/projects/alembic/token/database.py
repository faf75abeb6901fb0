import os

from sqlalchemy import create_engine, event

engine = create_engine("postgresql+psycopg2://nobody@nowhere")


@event.listens_for(engine, "do_connect")
def put_in(dialect, record, cargs, cparams):
    cparams["host"] = os.environ["DATABASE_HOST"]
    cparams["port"] = os.environ["DATABASE_PORT"]
    cparams["user"] = os.environ["DATABASE_USER"]
    cparams["dbname"] = os.environ["DATABASE_NAME"]
    cparams["password"] = "a token that lasts for a quarter of an hour"
