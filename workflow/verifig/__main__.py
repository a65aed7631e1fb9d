"""Entry of `python -m verifig`."""

from verifig.cli import main

if __name__ == "__main__":
    main()
