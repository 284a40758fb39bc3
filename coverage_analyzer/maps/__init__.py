"""The HTML page: Python that packs, and the page's own script, style and markup."""
