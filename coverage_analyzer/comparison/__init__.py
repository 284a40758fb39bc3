"""What changed between runs and why; what would change; rules that watch over a nightly run."""
