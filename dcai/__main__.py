"""``python -m dcai``: the command line."""

from dcai.cli import main

main()
