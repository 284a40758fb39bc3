"""What is promised beside distance, from when, until when: pure functions of data and days."""
