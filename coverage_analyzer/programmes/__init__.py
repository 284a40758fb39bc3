"""Support programmes as data, and who is entitled to which."""
