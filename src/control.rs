//! Snapshots of the rooms become the dumps people and programs read.
