"""``python -m coverage_analyzer``."""

from coverage_analyzer.cli.main import main

if __name__ == "__main__":
    main()
