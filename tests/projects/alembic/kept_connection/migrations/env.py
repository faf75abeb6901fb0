from alembic import context

from models import Base, kept

context.configure(connection=kept, target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
kept.commit() if hasattr(kept, "commit") else None
