//! The only room with `unsafe`: sockets, clocks, processes, files.
