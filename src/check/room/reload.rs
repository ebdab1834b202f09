//! Another configuration: what is known moves over to whoever is still there.
