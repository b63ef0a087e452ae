"""`python -m retinue` is `retinue`."""

from retinue.cli.main import main

if __name__ == "__main__":
    main()
