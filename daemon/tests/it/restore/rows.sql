-- Two organizations with one user of both. The ids of the first are beyond those of the second.
INSERT INTO orgs (id, name, slug, settings) OVERRIDING SYSTEM VALUE VALUES
  (41, 'Acme', 'acme', '{"a": [1, null, "x\ny"], "b": 1.50}'), (7, 'Bolt', 'bolt', NULL);
INSERT INTO users VALUES
  ('00000000-0000-4000-8000-000000000001', 'Ada@example.org'),
  ('00000000-0000-4000-8000-000000000002', 'both@example.org'),
  ('00000000-0000-4000-8000-000000000003', 'bob@example.org');
INSERT INTO members VALUES
  (41, '00000000-0000-4000-8000-000000000001', 'done'), (41, '00000000-0000-4000-8000-000000000002', 'calm'),
  (7, '00000000-0000-4000-8000-000000000002', 'Wild, "really"'), (7, '00000000-0000-4000-8000-000000000003', 'calm');
WITH p AS (
  INSERT INTO projects VALUES (9, 41, 501, 'A', false), (12, 41, 506, 'A', true), (3, 7, 11, 'A', false)
)
INSERT INTO tasks (id, project_id, parent_id, title, state, moods, score, at, day, lasts, amount, tags, blob, "Order ""x""")
VALUES
  (501, 9, 511, 'first', 'calm', '{calm,"Wild, \"really\""}', 'NaN', 'infinity', '0044-03-15 BC', '1 year -3 days 00:00:00.000001',
   12.500, 'a=>NULL, "b,c"=>"\"x\""', '\x00ff5c2e', '{1,NULL,3}'),
  (506, 12, NULL, E'a\n\\.\nb', 'done', '{}', '-0', '-infinity', 'infinity', '-00:00:01', NULL, '', '', '[0:1]={7,8}'),
  (511, 9, 501, '', 'Wild, "really"', NULL, '-Infinity', '0001-01-01 00:00:00+00 BC', NULL, NULL, 0.001, NULL, NULL, NULL),
  (516, 9, 516, '\N', 'calm', '{NULL}', 0.1::float8 + 0.2, '294276-12-31 23:59:59.999999+00', '5874897-12-31', '178000000 years', 999999999.999,
   'k=>v', '\x5c4e', '{}'),
  (11, 3, NULL, 'of Bolt', 'calm', NULL, 1e300, '2026-01-31 09:30:00+00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO events VALUES (1, 41, 'open', '-infinity'), (2, 41, 'close', '2026-01-31 09:30:00.5'), (1, 7, 'close', NULL);
INSERT INTO lines VALUES (41, '\.'), (41, '\.'), (41, ''), (41, NULL), (41, '\N'), (41, E'a\r\nb'), (7, 'of Bolt');
