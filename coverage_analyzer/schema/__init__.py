"""What tables contain (columns, verdicts, rejects, coordinates, days), and its colours."""
