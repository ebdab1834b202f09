//! The parent process that restarts a dead or silent worker.
