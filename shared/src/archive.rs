//! Archives on disk: how they are named, what their manifests say, how they are verified and
//! how their rows are read back. Needs no daemon.
