-- The tables of Outline 1.9.2: names, types, keys and links.
CREATE TYPE enum_document_insights_period AS ENUM ('day', 'week');
CREATE TYPE enum_file_operations_state AS ENUM ('creating', 'uploading', 'complete', 'error', 'expired');
CREATE TYPE enum_file_operations_type AS ENUM ('import', 'export');
CREATE TYPE enum_group_users_permission AS ENUM ('admin', 'member');
CREATE TYPE enum_relationships_type AS ENUM ('backlink', 'similar');
CREATE TYPE enum_search_queries_source AS ENUM ('slack', 'app', 'api', 'oauth', 'mcp');
CREATE TYPE enum_users_role AS ENUM ('admin', 'member', 'viewer', 'guest');
CREATE TABLE "SequelizeMeta" (name varchar(255) PRIMARY KEY);
CREATE TABLE access_requests (id uuid PRIMARY KEY, status varchar(255) NOT NULL, "respondedAt" timestamptz,
  "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, "documentId" uuid NOT NULL, "userId" uuid NOT
  NULL, "teamId" uuid NOT NULL, "responderId" uuid);
CREATE TABLE "apiKeys" (id uuid PRIMARY KEY, name varchar, secret varchar(255), "userId" uuid, "createdAt" timestamptz
  NOT NULL, "updatedAt" timestamptz NOT NULL, "deletedAt" timestamptz, "expiresAt" timestamptz, "lastActiveAt"
  timestamptz, hash varchar(255), last4 varchar(4), scope varchar(255)[], UNIQUE (hash), UNIQUE (secret));
CREATE TABLE attachments (id uuid PRIMARY KEY, "teamId" uuid NOT NULL, "userId" uuid NOT NULL, "documentId" uuid, key
  varchar(4096) NOT NULL, "contentType" varchar(255) NOT NULL, size int8 NOT NULL, acl varchar(255) NOT NULL,
  "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, "lastAccessedAt" timestamptz, "expiresAt"
  timestamptz);
CREATE TABLE authentication_providers (id uuid PRIMARY KEY, name varchar(255) NOT NULL, "providerId" varchar(255) NOT
  NULL, enabled bool NOT NULL, "teamId" uuid NOT NULL, "createdAt" timestamptz NOT NULL, settings jsonb, UNIQUE
  ("providerId", "teamId"));
CREATE TABLE authentications (id uuid PRIMARY KEY, "userId" uuid, "teamId" uuid, service varchar(255) NOT NULL, token
  bytea, scopes varchar(255)[], "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, "refreshToken"
  bytea, "expiresAt" timestamptz, "clientId" varchar(255), "clientSecret" bytea);
CREATE TABLE collections (id uuid PRIMARY KEY, name varchar, description varchar, "createdAt" timestamptz NOT NULL,
  "updatedAt" timestamptz NOT NULL, "teamId" uuid NOT NULL, "searchVector" tsvector, "createdById" uuid, "deletedAt"
  timestamptz, "urlId" varchar(255), "documentStructure" jsonb, color text, "maintainerApprovalRequired" bool NOT
  NULL, icon text, sort jsonb, sharing bool NOT NULL, index text, permission varchar(255), state bytea, "importId"
  uuid, content jsonb, "archivedAt" timestamptz, "archivedById" uuid, "apiImportId" uuid, commenting bool,
  "sourceMetadata" jsonb, "templateManagement" varchar(255) NOT NULL, UNIQUE ("urlId"));
CREATE TABLE comments (id uuid PRIMARY KEY, data jsonb NOT NULL, "documentId" uuid NOT NULL, "parentCommentId" uuid,
  "createdById" uuid NOT NULL, "resolvedAt" timestamptz, "resolvedById" uuid, "createdAt" timestamptz NOT NULL,
  "updatedAt" timestamptz NOT NULL, "deletedAt" timestamptz, reactions jsonb);
CREATE TABLE document_insights (id uuid PRIMARY KEY, "documentId" uuid NOT NULL, "teamId" uuid NOT NULL, date date NOT
  NULL, "viewCount" int4 NOT NULL, "viewerCount" int4 NOT NULL, "commentCount" int4 NOT NULL, "reactionCount" int4 NOT
  NULL, "revisionCount" int4 NOT NULL, "editorCount" int4 NOT NULL, "createdAt" timestamptz NOT NULL, "updatedAt"
  timestamptz NOT NULL, period enum_document_insights_period NOT NULL, UNIQUE ("documentId", date, period));
CREATE TABLE documents (id uuid PRIMARY KEY, "urlId" varchar NOT NULL, title varchar NOT NULL, text text, "createdAt"
  timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, "collectionId" uuid, "teamId" uuid, "parentDocumentId" uuid,
  "lastModifiedById" uuid NOT NULL, "revisionCount" int4, "searchVector" tsvector, "deletedAt" timestamptz,
  "createdById" uuid, "collaboratorIds" uuid[], "publishedAt" timestamptz, "pinnedById" uuid, "archivedAt"
  timestamptz, "isWelcome" bool NOT NULL, "editorVersion" varchar(255), version int2, template bool NOT NULL,
  "templateId" uuid, "previousTitles" varchar(255)[], state bytea, "fullWidth" bool NOT NULL, "importId" uuid,
  "insightsEnabled" bool NOT NULL, "sourceMetadata" jsonb, content jsonb, summary text, icon varchar(255), color
  varchar(255), "apiImportId" uuid, language varchar(2), "popularityScore" float8 NOT NULL, UNIQUE ("urlId"));
CREATE TABLE emojis (id uuid PRIMARY KEY, name varchar(255) NOT NULL, "attachmentId" uuid NOT NULL, "teamId" uuid NOT
  NULL, "createdById" uuid NOT NULL, "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, UNIQUE
  ("teamId", name));
CREATE TABLE events (id uuid PRIMARY KEY, name varchar(255) NOT NULL, data jsonb, "userId" uuid, "collectionId" uuid,
  "teamId" uuid, "createdAt" timestamptz NOT NULL, "documentId" uuid, "actorId" uuid, "modelId" uuid, ip varchar(255),
  changes jsonb, "authType" varchar(255));
CREATE TABLE external_groups (id uuid PRIMARY KEY, "externalId" varchar(255) NOT NULL, name varchar(255) NOT NULL,
  "groupId" uuid, "authenticationProviderId" uuid NOT NULL, "teamId" uuid NOT NULL, "lastSyncedAt" timestamptz,
  "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, UNIQUE ("authenticationProviderId",
  "externalId"));
CREATE TABLE file_operations (id uuid PRIMARY KEY, state enum_file_operations_state NOT NULL, type
  enum_file_operations_type NOT NULL, key varchar(255), url varchar(255), size int8 NOT NULL, "userId" uuid NOT NULL,
  "collectionId" uuid, "teamId" uuid NOT NULL, "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL,
  error varchar(255), format varchar(255) NOT NULL, "includeAttachments" bool NOT NULL, "deletedAt" timestamptz,
  options jsonb, "documentId" uuid);
CREATE TABLE group_permissions ("collectionId" uuid, "groupId" uuid NOT NULL, "createdById" uuid NOT NULL, permission
  varchar(255) NOT NULL, "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, "deletedAt" timestamptz,
  "documentId" uuid, id uuid PRIMARY KEY, "sourceId" uuid);
CREATE TABLE group_users ("userId" uuid NOT NULL, "groupId" uuid NOT NULL, "createdById" uuid NOT NULL, "createdAt"
  timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, permission enum_group_users_permission NOT NULL, PRIMARY KEY
  ("groupId", "userId"));
CREATE TABLE groups (id uuid PRIMARY KEY, name varchar(255) NOT NULL, "teamId" uuid NOT NULL, "createdById" uuid NOT
  NULL, "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, "deletedAt" timestamptz, "externalId"
  varchar(255), "disableMentions" bool NOT NULL, description text);
CREATE TABLE import_tasks (id uuid PRIMARY KEY, state varchar(255) NOT NULL, input jsonb NOT NULL, output jsonb,
  "importId" uuid NOT NULL, "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, error varchar(255),
  phase varchar(255) NOT NULL);
CREATE TABLE imports (id uuid PRIMARY KEY, name varchar(255) NOT NULL, service varchar(255) NOT NULL, state
  varchar(255) NOT NULL, input jsonb NOT NULL, "documentCount" int4 NOT NULL, "integrationId" uuid, "createdById" uuid
  NOT NULL, "teamId" uuid NOT NULL, "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, "deletedAt"
  timestamptz, error varchar(255), scratch jsonb);
CREATE TABLE integrations (id uuid PRIMARY KEY, type varchar(255), "userId" uuid, "teamId" uuid NOT NULL, service
  varchar(255) NOT NULL, "collectionId" uuid, "authenticationId" uuid, events varchar(255)[], settings jsonb,
  "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, "deletedAt" timestamptz, "issueSources" jsonb);
CREATE TABLE notifications (id uuid PRIMARY KEY, "actorId" uuid, "userId" uuid NOT NULL, event varchar(255),
  "createdAt" timestamptz NOT NULL, "viewedAt" timestamptz, "emailedAt" timestamptz, "teamId" uuid NOT NULL,
  "documentId" uuid, "commentId" uuid, "revisionId" uuid, "collectionId" uuid, "archivedAt" timestamptz,
  "membershipId" uuid, data json, "groupId" uuid, "accessRequestId" uuid);
CREATE TABLE oauth_authentications (id uuid PRIMARY KEY, "accessTokenHash" varchar(255) NOT NULL,
  "accessTokenExpiresAt" timestamptz NOT NULL, "refreshTokenHash" varchar(255) NOT NULL, "refreshTokenExpiresAt"
  timestamptz NOT NULL, "lastActiveAt" timestamptz, scope varchar(255)[] NOT NULL, "oauthClientId" uuid NOT NULL,
  "userId" uuid NOT NULL, "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, "deletedAt" timestamptz,
  "grantId" uuid, UNIQUE ("accessTokenHash"), UNIQUE ("refreshTokenHash"));
CREATE TABLE oauth_authorization_codes (id uuid PRIMARY KEY, "authorizationCodeHash" varchar(255) NOT NULL,
  "codeChallenge" varchar(255), "codeChallengeMethod" varchar(255), scope varchar(255)[] NOT NULL, "oauthClientId"
  uuid NOT NULL, "userId" uuid NOT NULL, "redirectUri" varchar(1024) NOT NULL, "expiresAt" timestamptz NOT NULL,
  "createdAt" timestamptz NOT NULL, "grantId" uuid);
CREATE TABLE oauth_clients (id uuid PRIMARY KEY, name varchar(255) NOT NULL, description varchar(255), "developerName"
  varchar(255), "developerUrl" varchar(1024), "avatarUrl" varchar(1024), "clientId" varchar(255) NOT NULL,
  "clientSecret" bytea NOT NULL, published bool NOT NULL, "teamId" uuid NOT NULL, "createdById" uuid, "redirectUris"
  varchar(1024)[] NOT NULL, "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, "deletedAt"
  timestamptz, "clientType" varchar(255) NOT NULL, "lastActiveAt" timestamptz, "registrationAccessTokenHash"
  varchar(255), UNIQUE ("clientId"), UNIQUE ("registrationAccessTokenHash"));
CREATE TABLE pins (id uuid PRIMARY KEY, "documentId" uuid NOT NULL, "collectionId" uuid, "teamId" uuid NOT NULL,
  "createdById" uuid NOT NULL, index varchar(255), "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT
  NULL);
CREATE TABLE reactions (id uuid PRIMARY KEY, emoji varchar(255) NOT NULL, "userId" uuid NOT NULL, "commentId" uuid NOT
  NULL, "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL);
CREATE TABLE relationships (id uuid PRIMARY KEY, "userId" uuid NOT NULL, "documentId" uuid NOT NULL,
  "reverseDocumentId" uuid NOT NULL, "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, type
  enum_relationships_type NOT NULL);
CREATE TABLE revisions (id uuid PRIMARY KEY, title varchar NOT NULL, text text, "createdAt" timestamptz NOT NULL,
  "updatedAt" timestamptz NOT NULL, "userId" uuid NOT NULL, "documentId" uuid NOT NULL, "editorVersion" varchar(255),
  version int2, content jsonb, icon varchar(255), color varchar(255), name varchar(255), "deletedAt" timestamptz,
  "collaboratorIds" uuid[] NOT NULL);
CREATE TABLE search_queries (id uuid PRIMARY KEY, "userId" uuid, "teamId" uuid, source enum_search_queries_source NOT
  NULL, query varchar(255) NOT NULL, results int4 NOT NULL, "createdAt" timestamptz NOT NULL, "shareId" uuid, score
  int4, answer text, duration int4);
CREATE TABLE share_subscriptions (id uuid PRIMARY KEY, "shareId" uuid NOT NULL, email varchar(255) NOT NULL,
  "emailFingerprint" varchar(255) NOT NULL, secret varchar(64) NOT NULL, "ipAddress" varchar(45), "confirmedAt"
  timestamptz, "unsubscribedAt" timestamptz, "lastNotifiedAt" timestamptz, "createdAt" timestamptz NOT NULL,
  "updatedAt" timestamptz NOT NULL, "documentId" uuid NOT NULL, UNIQUE ("shareId", "documentId", "emailFingerprint"));
CREATE TABLE shares (id uuid PRIMARY KEY, "userId" uuid NOT NULL, "teamId" uuid NOT NULL, "documentId" uuid,
  "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, "revokedAt" timestamptz, "revokedById" uuid,
  published bool NOT NULL, "lastAccessedAt" timestamptz, "includeChildDocuments" bool NOT NULL, views int4, "urlId"
  varchar(255), domain varchar(255), "allowIndexing" bool NOT NULL, "showLastUpdated" bool NOT NULL, "collectionId"
  uuid, "showTOC" bool NOT NULL, "allowSubscriptions" bool NOT NULL, title varchar(255), "iconUrl" varchar(4096),
  UNIQUE (domain));
CREATE TABLE stars (id uuid PRIMARY KEY, "documentId" uuid, "userId" uuid NOT NULL, "createdAt" timestamptz NOT NULL,
  "updatedAt" timestamptz NOT NULL, index varchar(255), "collectionId" uuid);
CREATE TABLE subscriptions (id uuid PRIMARY KEY, "userId" uuid NOT NULL, "documentId" uuid, event varchar(255) NOT
  NULL, "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, "deletedAt" timestamptz, "collectionId"
  uuid, UNIQUE ("userId", "collectionId", event), UNIQUE ("userId", "documentId", event));
CREATE TABLE team_domains (id uuid PRIMARY KEY, "teamId" uuid NOT NULL, "createdById" uuid NOT NULL, name varchar(255)
  NOT NULL, "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, UNIQUE ("teamId", name));
CREATE TABLE teams (id uuid PRIMARY KEY, name varchar(255) NOT NULL, "createdAt" timestamptz NOT NULL, "updatedAt"
  timestamptz NOT NULL, "avatarUrl" varchar(4096), "deletedAt" timestamptz, sharing bool NOT NULL, subdomain
  varchar(255), "documentEmbeds" bool NOT NULL, "guestSignin" bool NOT NULL, domain varchar(255), "signupQueryParams"
  jsonb, "defaultUserRole" varchar(255) NOT NULL, "defaultCollectionId" uuid, "memberCollectionCreate" bool NOT NULL,
  "inviteRequired" bool NOT NULL, preferences jsonb, "suspendedAt" timestamptz, "lastActiveAt" timestamptz,
  "memberTeamCreate" bool NOT NULL, "approximateTotalAttachmentsSize" int8, "previousSubdomains" varchar(255)[],
  description text, "passkeysEnabled" bool NOT NULL, flags jsonb, "guidanceMCP" text, UNIQUE (domain), UNIQUE
  (subdomain));
CREATE TABLE user_authentications (id uuid PRIMARY KEY, "userId" uuid NOT NULL, "authenticationProviderId" uuid NOT
  NULL, "accessToken" bytea, "refreshToken" bytea, scopes varchar(255)[], "providerId" varchar(255) NOT NULL,
  "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, "expiresAt" timestamptz, "lastValidatedAt"
  timestamptz, UNIQUE ("providerId", "userId"));
CREATE TABLE user_passkeys (id uuid PRIMARY KEY, name text NOT NULL, "userAgent" text, "credentialId" text NOT NULL,
  "credentialPublicKey" bytea NOT NULL, aaguid text, counter int8 NOT NULL, transports varchar(255)[], "lastActiveAt"
  timestamptz, "userId" uuid NOT NULL, "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, UNIQUE
  ("credentialId"));
CREATE TABLE user_permissions ("collectionId" uuid, "userId" uuid NOT NULL, permission varchar(255) NOT NULL,
  "createdById" uuid NOT NULL, "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, "documentId" uuid,
  index varchar(255), id uuid PRIMARY KEY, "sourceId" uuid);
CREATE TABLE users (id uuid PRIMARY KEY, email varchar(255), name varchar NOT NULL, "jwtSecret" bytea, "createdAt"
  timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, "teamId" uuid, "avatarUrl" varchar(4096), "suspendedById"
  uuid, "suspendedAt" timestamptz, "lastActiveAt" timestamptz, "lastActiveIp" varchar(255), "lastSignedInAt"
  timestamptz, "lastSignedInIp" varchar(255), "deletedAt" timestamptz, "lastSigninEmailSentAt" timestamptz, language
  varchar(255), flags jsonb, "invitedById" uuid, preferences jsonb, "notificationSettings" jsonb NOT NULL, role
  enum_users_role NOT NULL, timezone varchar(255));
CREATE TABLE views (id uuid PRIMARY KEY, "documentId" uuid NOT NULL, "userId" uuid NOT NULL, count int4 NOT NULL,
  "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, "lastEditingAt" timestamptz);
CREATE TABLE webhook_deliveries (id uuid PRIMARY KEY, "webhookSubscriptionId" uuid NOT NULL, status varchar(255) NOT
  NULL, "statusCode" int4, "requestBody" jsonb, "requestHeaders" jsonb, "responseBody" text, "responseHeaders" jsonb,
  "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL);
CREATE TABLE webhook_subscriptions (id uuid PRIMARY KEY, "teamId" uuid NOT NULL, "createdById" uuid NOT NULL, url
  varchar(1024) NOT NULL, enabled bool NOT NULL, name varchar(255) NOT NULL, events varchar(255)[] NOT NULL,
  "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, "deletedAt" timestamptz, secret bytea);
ALTER TABLE access_requests ADD FOREIGN KEY ("documentId") REFERENCES documents, ADD FOREIGN KEY ("responderId")
  REFERENCES users, ADD FOREIGN KEY ("teamId") REFERENCES teams, ADD FOREIGN KEY ("userId") REFERENCES users;
ALTER TABLE attachments ADD FOREIGN KEY ("teamId") REFERENCES teams, ADD FOREIGN KEY ("userId") REFERENCES users;
ALTER TABLE authentication_providers ADD FOREIGN KEY ("teamId") REFERENCES teams;
ALTER TABLE authentications ADD FOREIGN KEY ("teamId") REFERENCES teams, ADD FOREIGN KEY ("userId") REFERENCES users;
ALTER TABLE collections ADD FOREIGN KEY ("apiImportId") REFERENCES imports, ADD FOREIGN KEY ("archivedById")
  REFERENCES users, ADD FOREIGN KEY ("importId") REFERENCES file_operations;
ALTER TABLE comments ADD FOREIGN KEY ("createdById") REFERENCES users, ADD FOREIGN KEY ("documentId") REFERENCES
  documents, ADD FOREIGN KEY ("parentCommentId") REFERENCES comments, ADD FOREIGN KEY ("resolvedById") REFERENCES
  users;
ALTER TABLE document_insights ADD FOREIGN KEY ("documentId") REFERENCES documents, ADD FOREIGN KEY ("teamId")
  REFERENCES teams;
ALTER TABLE documents ADD FOREIGN KEY ("apiImportId") REFERENCES imports, ADD FOREIGN KEY ("collectionId") REFERENCES
  collections, ADD FOREIGN KEY ("createdById") REFERENCES users, ADD FOREIGN KEY ("importId") REFERENCES
  file_operations, ADD FOREIGN KEY ("lastModifiedById") REFERENCES users, ADD FOREIGN KEY ("parentDocumentId")
  REFERENCES documents, ADD FOREIGN KEY ("teamId") REFERENCES teams;
ALTER TABLE emojis ADD FOREIGN KEY ("attachmentId") REFERENCES attachments, ADD FOREIGN KEY ("createdById") REFERENCES
  users, ADD FOREIGN KEY ("teamId") REFERENCES teams;
ALTER TABLE events ADD FOREIGN KEY ("actorId") REFERENCES users, ADD FOREIGN KEY ("collectionId") REFERENCES
  collections, ADD FOREIGN KEY ("teamId") REFERENCES teams, ADD FOREIGN KEY ("userId") REFERENCES users;
ALTER TABLE external_groups ADD FOREIGN KEY ("authenticationProviderId") REFERENCES authentication_providers, ADD
  FOREIGN KEY ("groupId") REFERENCES groups, ADD FOREIGN KEY ("teamId") REFERENCES teams;
ALTER TABLE file_operations ADD FOREIGN KEY ("collectionId") REFERENCES collections, ADD FOREIGN KEY ("documentId")
  REFERENCES documents, ADD FOREIGN KEY ("teamId") REFERENCES teams, ADD FOREIGN KEY ("userId") REFERENCES users;
ALTER TABLE group_permissions ADD FOREIGN KEY ("collectionId") REFERENCES collections, ADD FOREIGN KEY ("createdById")
  REFERENCES users, ADD FOREIGN KEY ("documentId") REFERENCES documents, ADD FOREIGN KEY ("groupId") REFERENCES
  groups, ADD FOREIGN KEY ("sourceId") REFERENCES group_permissions;
ALTER TABLE group_users ADD FOREIGN KEY ("createdById") REFERENCES users, ADD FOREIGN KEY ("groupId") REFERENCES
  groups, ADD FOREIGN KEY ("userId") REFERENCES users;
ALTER TABLE groups ADD FOREIGN KEY ("createdById") REFERENCES users, ADD FOREIGN KEY ("teamId") REFERENCES teams;
ALTER TABLE import_tasks ADD FOREIGN KEY ("importId") REFERENCES imports;
ALTER TABLE imports ADD FOREIGN KEY ("createdById") REFERENCES users, ADD FOREIGN KEY ("integrationId") REFERENCES
  integrations, ADD FOREIGN KEY ("teamId") REFERENCES teams;
ALTER TABLE integrations ADD FOREIGN KEY ("authenticationId") REFERENCES authentications, ADD FOREIGN KEY
  ("collectionId") REFERENCES collections, ADD FOREIGN KEY ("teamId") REFERENCES teams, ADD FOREIGN KEY ("userId")
  REFERENCES users;
ALTER TABLE notifications ADD FOREIGN KEY ("accessRequestId") REFERENCES access_requests, ADD FOREIGN KEY ("actorId")
  REFERENCES users, ADD FOREIGN KEY ("collectionId") REFERENCES collections, ADD FOREIGN KEY ("commentId") REFERENCES
  comments, ADD FOREIGN KEY ("documentId") REFERENCES documents, ADD FOREIGN KEY ("groupId") REFERENCES groups, ADD
  FOREIGN KEY ("revisionId") REFERENCES revisions, ADD FOREIGN KEY ("teamId") REFERENCES teams, ADD FOREIGN KEY
  ("userId") REFERENCES users;
ALTER TABLE oauth_authentications ADD FOREIGN KEY ("oauthClientId") REFERENCES oauth_clients, ADD FOREIGN KEY
  ("userId") REFERENCES users;
ALTER TABLE oauth_authorization_codes ADD FOREIGN KEY ("oauthClientId") REFERENCES oauth_clients, ADD FOREIGN KEY
  ("userId") REFERENCES users;
ALTER TABLE oauth_clients ADD FOREIGN KEY ("createdById") REFERENCES users, ADD FOREIGN KEY ("teamId") REFERENCES
  teams;
ALTER TABLE pins ADD FOREIGN KEY ("collectionId") REFERENCES collections, ADD FOREIGN KEY ("createdById") REFERENCES
  users, ADD FOREIGN KEY ("documentId") REFERENCES documents, ADD FOREIGN KEY ("teamId") REFERENCES teams;
ALTER TABLE reactions ADD FOREIGN KEY ("commentId") REFERENCES comments, ADD FOREIGN KEY ("userId") REFERENCES users;
ALTER TABLE relationships ADD FOREIGN KEY ("documentId") REFERENCES documents, ADD FOREIGN KEY ("reverseDocumentId")
  REFERENCES documents, ADD FOREIGN KEY ("userId") REFERENCES users;
ALTER TABLE revisions ADD FOREIGN KEY ("documentId") REFERENCES documents, ADD FOREIGN KEY ("userId") REFERENCES
  users;
ALTER TABLE search_queries ADD FOREIGN KEY ("shareId") REFERENCES shares, ADD FOREIGN KEY ("teamId") REFERENCES teams,
  ADD FOREIGN KEY ("userId") REFERENCES users;
ALTER TABLE share_subscriptions ADD FOREIGN KEY ("documentId") REFERENCES documents, ADD FOREIGN KEY ("shareId")
  REFERENCES shares;
ALTER TABLE shares ADD FOREIGN KEY ("collectionId") REFERENCES collections, ADD FOREIGN KEY ("documentId") REFERENCES
  documents, ADD FOREIGN KEY ("revokedById") REFERENCES users, ADD FOREIGN KEY ("teamId") REFERENCES teams, ADD
  FOREIGN KEY ("userId") REFERENCES users;
ALTER TABLE stars ADD FOREIGN KEY ("collectionId") REFERENCES collections, ADD FOREIGN KEY ("documentId") REFERENCES
  documents, ADD FOREIGN KEY ("userId") REFERENCES users;
ALTER TABLE subscriptions ADD FOREIGN KEY ("collectionId") REFERENCES collections, ADD FOREIGN KEY ("documentId")
  REFERENCES documents, ADD FOREIGN KEY ("userId") REFERENCES users;
ALTER TABLE team_domains ADD FOREIGN KEY ("createdById") REFERENCES users, ADD FOREIGN KEY ("teamId") REFERENCES
  teams;
ALTER TABLE user_authentications ADD FOREIGN KEY ("authenticationProviderId") REFERENCES authentication_providers, ADD
  FOREIGN KEY ("userId") REFERENCES users;
ALTER TABLE user_passkeys ADD FOREIGN KEY ("userId") REFERENCES users;
ALTER TABLE user_permissions ADD FOREIGN KEY ("collectionId") REFERENCES collections, ADD FOREIGN KEY ("createdById")
  REFERENCES users, ADD FOREIGN KEY ("documentId") REFERENCES documents, ADD FOREIGN KEY ("sourceId") REFERENCES
  user_permissions, ADD FOREIGN KEY ("userId") REFERENCES users;
ALTER TABLE users ADD FOREIGN KEY ("invitedById") REFERENCES users, ADD FOREIGN KEY ("suspendedById") REFERENCES
  users, ADD FOREIGN KEY ("teamId") REFERENCES teams;
ALTER TABLE webhook_deliveries ADD FOREIGN KEY ("webhookSubscriptionId") REFERENCES webhook_subscriptions;
ALTER TABLE webhook_subscriptions ADD FOREIGN KEY ("createdById") REFERENCES users, ADD FOREIGN KEY ("teamId")
  REFERENCES teams;
