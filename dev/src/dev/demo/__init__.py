"""`./chairside demo`: an apprentice's whole story, played through the doors that people use, and checked on the way."""
