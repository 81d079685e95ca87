"""Customers that were forgotten, and raw objects that were kept long enough."""

from secrets import token_hex

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KEPT = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    """Every ledger gets a salt of its own."""
    op.add_column("ledger_clock", sa.Column("salt", sa.Text(), nullable=True))
    clock = sa.table("ledger_clock", sa.column("salt", sa.Text()))
    op.execute(clock.update().values(salt=token_hex(32)))
    op.add_column("customer", sa.Column("erased_at", sa.BigInteger(), nullable=True))
    op.add_column("raw_object", sa.Column("deleted_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "raw_object_kept",
        "raw_object",
        ["recorded_at"],
        sqlite_where=_KEPT,
        postgresql_where=_KEPT,
    )
    op.create_table(
        "erasure",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "erased_id",
        sa.Column("connector_id", _KEY, nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("connector_id", "token"),
        sa.ForeignKeyConstraint(["connector_id"], ["connector_state.id"]),
    )
