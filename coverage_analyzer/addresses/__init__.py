"""Addresses as people write them: letters of other scripts, postcodes."""
