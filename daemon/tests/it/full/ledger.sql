CREATE TABLE people (handle TEXT PRIMARY KEY, height REAL, parent TEXT REFERENCES people) STRICT, WITHOUT ROWID;
CREATE TABLE companies (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, slug TEXT NOT NULL UNIQUE COLLATE NOCASE,
  owner_id INTEGER NOT NULL REFERENCES members (id)
);
CREATE TABLE members (
  id INTEGER PRIMARY KEY, company_id INTEGER NOT NULL REFERENCES companies ON DELETE CASCADE, email TEXT NOT NULL,
  person TEXT REFERENCES people (handle)
);
CREATE UNIQUE INDEX members_email ON members (lower(email)) WHERE email <> '';
CREATE TABLE entries (
  company_id INTEGER NOT NULL REFERENCES companies (id), number INTEGER, amount REAL CHECK (amount IS NOT 13), memo TEXT,
  raw BLOB, "any ""value""", member_id INTEGER REFERENCES members (id),
  twice GENERATED ALWAYS AS (amount * 2), label TEXT GENERATED ALWAYS AS (memo || '!') STORED,
  PRIMARY KEY (company_id, number)
);
CREATE TABLE settings (company_id INT NOT NULL, key TEXT NOT NULL, value ANY, PRIMARY KEY (company_id, key)) STRICT, WITHOUT ROWID;
CREATE TABLE logs (company_id INTEGER REFERENCES companies (id), line);
CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT);
CREATE TRIGGER entry_made AFTER INSERT ON entries WHEN new.memo = 'tell' BEGIN INSERT INTO audit (what) VALUES (new.memo); END;
CREATE TRIGGER log_made AFTER INSERT ON logs WHEN new.line = 'change' BEGIN UPDATE logs SET line = 'changed' WHERE rowid = new.rowid; END;
INSERT INTO people VALUES ('grand', 1.5, NULL), ('ada', 2, 'grand'), ('eve', NULL, NULL);
INSERT INTO companies VALUES (7, 'Acme', 'acme', 71), (9, 'Bolt', 'bolt', 91);
INSERT INTO members VALUES (71, 7, 'Ada@example.org', 'ada'), (72, 7, '', NULL), (91, 9, 'bo@example.org', 'eve');
INSERT INTO entries (company_id, number, amount, memo, raw, "any ""value""", member_id) VALUES
  (7, 1, 0.1 + 0.2, 'plain', x'00ff', 1, 71),
  (7, 2, -0.0, '', x'', -0.0, NULL),
  (7, 3, 9e999, 'a "quote", a comma' || char(10) || 'and a line', 'text in a blob', '1', 72),
  (7, 4, -9e999, '\N', 12, x'31', NULL),
  (7, 5.5, 'n/a', CAST(x'610062' AS TEXT), NULL, 9223372036854775807, NULL),
  (7, 'A-1', 1e300, CAST(x'ff' AS TEXT), 1.5, -2.5e-300, NULL),
  (9, 1, 2, 'of Bolt', NULL, NULL, 91);
INSERT INTO settings VALUES (7, 'a', 1), (7, 'b', '1'), (7, 'c', x'01'), (7, 'd', 1.0), (9, 'a', 'bolt');
INSERT INTO logs VALUES (7, 'b'), (7, 1), (7, 'b'), (7, 1.0), (7, NULL), (9, 'of Bolt');
INSERT INTO audit (what) VALUES ('begun');
