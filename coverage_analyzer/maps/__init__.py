"""The HTML page: Python that packs its data, and its script, style and markup."""
