from alembic import context

url = context.get_x_argument(as_dictionary=True)["database"]
