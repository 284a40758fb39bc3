"""The map in a real browser; a package, so that its fixtures have a file of their own."""
