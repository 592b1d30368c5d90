//! Every invariant of a PostgreSQL source, looked at one after the other.
