"""The roads of a country in tiles on disk, and one search per center through those around it."""
