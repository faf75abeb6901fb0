import os


def create_app():
    return os.environ["SECRET_KEY"]
