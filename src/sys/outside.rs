//! What the configuration asks of the world, as plain functions.
