"""What is read: single things, lists by cursor, and the numbers that decisions need."""
