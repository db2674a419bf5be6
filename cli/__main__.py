"""`python -m cli` is `streamid`, for a checkout that is not installed."""

from cli.main import main

main(prog_name="streamid")
