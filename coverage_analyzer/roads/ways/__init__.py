"""The ways of a map, made a network of nodes and edges."""
