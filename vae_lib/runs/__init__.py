"""What surrounds a training: its checkpoint, Ctrl-C, the optimizer, the settings, files that are written whole."""
