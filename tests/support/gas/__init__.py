"""Predicted gas beside receipts."""
