"""Lets `python -m paichart.cli` work like the command `paichart`."""

from paichart.cli.app import main

main()
