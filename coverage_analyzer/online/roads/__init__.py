"""Old import paths, available for one release: use `coverage_analyzer.roads`."""
