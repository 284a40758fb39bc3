"""Support programmes as data, and the entitlements of customers."""
