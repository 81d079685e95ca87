"""Deliveries by run, and what sinks wrote value by value."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_IN_FORCE = sa.text("superseded_at IS NULL")
_NAMES = {"uq": "%(table_name)s_%(column_0_N_name)s_key"}
"""What PostgreSQL calls a constraint that has no name, and SQLite does not call at all."""


def upgrade() -> None:
    """A sink may get the same content again later: a row then is a run of its own."""
    with op.batch_alter_table("delivery", naming_convention=_NAMES) as delivery:
        delivery.drop_constraint("delivery_sink_content_hash_key", type_="unique")
        delivery.add_column(sa.Column("key", sa.Text(), nullable=True))
        delivery.add_column(sa.Column("undoes", _KEY, nullable=True))
        delivery.add_column(sa.Column("written", sa.Integer(), nullable=False, server_default="0"))
        delivery.add_column(sa.Column("next_attempt_at", sa.BigInteger(), nullable=True))
        delivery.create_foreign_key("delivery_undoes_fkey", "delivery", ["undoes"], ["id"])
    op.execute("UPDATE delivery SET key = 'delivery-' || id")
    with op.batch_alter_table("delivery") as delivery:
        delivery.alter_column("key", existing_type=sa.Text(), nullable=False)
    op.create_index("delivery_sink", "delivery", ["sink", "id"])
    op.create_table(
        "sink_value",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("sink", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("previous", sa.Text(), nullable=True),
        sa.Column("delivery_id", _KEY, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"]),
    )
    op.create_index("sink_value_delivery", "sink_value", ["delivery_id"])
    op.create_index(
        "sink_field_in_force",
        "sink_value",
        ["sink", "target", "field"],
        unique=True,
        sqlite_where=_IN_FORCE,
        postgresql_where=_IN_FORCE,
    )
