"""Old import paths, which work for one release: use `coverage_analyzer.roads`."""
