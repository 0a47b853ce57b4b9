"""The demo: the real bot over a sample workspace, with a small program in the model's place."""
