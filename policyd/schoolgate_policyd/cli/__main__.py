"""`python -m schoolgate_policyd.cli`: the command line without its script."""

from schoolgate_policyd.cli import main

main()
