"""What may ask services, and only when told to: road networks."""
