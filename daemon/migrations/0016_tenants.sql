-- An organization is its source, kind and id: two kinds may have the same ids.
DROP INDEX exports_by_organization;
CREATE INDEX exports_by_organization ON exports (source, kind, organization_id, position, state);
DROP INDEX exports_by_request;
CREATE INDEX exports_by_request ON exports (request, source, kind, organization_id);
DROP INDEX exports_once_in_a_run;
CREATE UNIQUE INDEX exports_once_in_a_run ON exports (request, source, kind, organization_id, format, coalesce(entity, ''))
    WHERE schedule IS NOT NULL AND state = 'finished';
DROP INDEX archives_by_group;
CREATE INDEX archives_by_group ON archives (source, kind, organization_id, format, part, importable, exported_at, gid);
DROP INDEX archives_by_organization;
CREATE INDEX archives_by_organization ON archives (source, kind, organization_id, gid, bytes);
