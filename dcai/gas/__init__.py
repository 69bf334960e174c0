"""Where the gas of a transaction goes."""
