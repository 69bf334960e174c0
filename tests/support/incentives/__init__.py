"""The contracts of the incentives beside their twins."""
