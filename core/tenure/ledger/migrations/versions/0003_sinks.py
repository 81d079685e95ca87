"""Alerts, leases of sinks, and what the other side calls what they wrote."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """An alert is a delivery that may have no publication."""
    with op.batch_alter_table("delivery") as delivery:
        delivery.alter_column("publication_id", existing_type=_KEY, nullable=True)
        delivery.add_column(sa.Column("over_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "sink_remote",
        sa.Column("sink", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("delivery_id", _KEY, nullable=False),
        sa.PrimaryKeyConstraint("sink", "target"),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"]),
    )
    op.create_table(
        "sink_lease",
        sa.Column("sink", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sink"),
    )
