"""What is promised, from when, until when: pure functions over verdicts, policies and days."""
