"""What is generated from the event classes of `contracts`, and the gate that keeps old and new versions readable by each other."""
