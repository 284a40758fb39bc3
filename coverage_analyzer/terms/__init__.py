"""What is promised beside distance: programmes, and who is entitled to them."""
