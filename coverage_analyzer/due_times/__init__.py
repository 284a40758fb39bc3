"""What is promised and by when: pure functions of data and dates."""
