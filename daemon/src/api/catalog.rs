//! `/v1/catalog`: the index of exports and archives.
