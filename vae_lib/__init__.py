"""A small variational autoencoder, written to be read."""
