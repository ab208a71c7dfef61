"""How alembic runs here: on the connection that `store.migrate` gives, in its transaction."""

from alembic import context

from schoolgate_policyd.store.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
