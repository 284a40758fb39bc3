"""The distance rule, applied to sites, areas, points and days."""
