"""The parts of `timeline`: facts over time, and what each kind of evidence says of them."""
