"""Drive times and service areas on a road network: extracts, networks, engines, rechecks."""
