-- Whether what the app's own importer refuses is left out of the archive.
ALTER TABLE exports ADD COLUMN importable INTEGER NOT NULL DEFAULT 0;
