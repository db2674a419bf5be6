"""`python -m cli` is `streamid`, for a checkout that is not installed."""

from cli.main import main

if __name__ == "__main__":  # a process that judges beside this one imports this file, too
    main(prog_name="streamid")
