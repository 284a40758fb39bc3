"""Addresses as people write them: transliteration and postcodes."""
