"""A made-up company to try tenure on: `company` lives it through, `workspace` writes it down."""
