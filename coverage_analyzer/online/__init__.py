"""The only room that reaches a network: when asked, paced, and with a cache."""
