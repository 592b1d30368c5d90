-- The tables of Docmost 0.95.0: names, types, keys and links.
CREATE TABLE ai_chat_messages (id uuid PRIMARY KEY, chat_id uuid NOT NULL, workspace_id uuid NOT NULL, user_id uuid,
  role varchar NOT NULL, content text, tool_calls jsonb, metadata jsonb, tsv tsvector, created_at timestamptz NOT
  NULL, updated_at timestamptz NOT NULL, deleted_at timestamptz);
CREATE TABLE ai_chats (id uuid PRIMARY KEY, workspace_id uuid NOT NULL, creator_id uuid NOT NULL, title varchar,
  created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at timestamptz);
CREATE TABLE api_keys (id uuid PRIMARY KEY, name text, creator_id uuid NOT NULL, workspace_id uuid NOT NULL,
  expires_at timestamptz, last_used_at timestamptz, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
  deleted_at timestamptz);
CREATE TABLE attachments (id uuid PRIMARY KEY, file_name varchar NOT NULL, file_path varchar NOT NULL, file_size int8,
  file_ext varchar NOT NULL, mime_type varchar, type varchar, creator_id uuid NOT NULL, page_id uuid, space_id uuid,
  workspace_id uuid NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at
  timestamptz, text_content text, tsv tsvector, ai_chat_id uuid);
CREATE TABLE audit (id uuid PRIMARY KEY, workspace_id uuid NOT NULL, actor_id uuid, actor_type varchar NOT NULL, event
  varchar NOT NULL, resource_type varchar NOT NULL, resource_id uuid, space_id uuid, changes jsonb, metadata jsonb,
  ip_address inet, created_at timestamptz NOT NULL);
CREATE TABLE auth_accounts (id uuid PRIMARY KEY, user_id uuid NOT NULL, provider_user_id varchar NOT NULL,
  auth_provider_id uuid, workspace_id uuid NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
  deleted_at timestamptz, UNIQUE (user_id, auth_provider_id));
CREATE TABLE auth_providers (id uuid PRIMARY KEY, name varchar NOT NULL, type text NOT NULL, saml_url varchar,
  saml_certificate varchar, oidc_issuer varchar, oidc_client_id varchar, oidc_client_secret varchar, allow_signup bool
  NOT NULL, is_enabled bool NOT NULL, creator_id uuid, workspace_id uuid NOT NULL, created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL, deleted_at timestamptz, group_sync bool NOT NULL, ldap_url varchar, ldap_bind_dn
  varchar, ldap_bind_password varchar, ldap_base_dn varchar, ldap_user_search_filter varchar, ldap_user_attributes
  jsonb, ldap_tls_enabled bool, ldap_tls_ca_cert text, ldap_config jsonb, settings jsonb);
CREATE TABLE backlinks (id uuid PRIMARY KEY, source_page_id uuid NOT NULL, target_page_id uuid NOT NULL, workspace_id
  uuid NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, UNIQUE (source_page_id,
  target_page_id));
CREATE TABLE base_properties (id varchar NOT NULL, page_id uuid NOT NULL, name varchar NOT NULL, type varchar NOT
  NULL, position varchar NOT NULL, type_options jsonb, pending_type varchar, pending_type_options jsonb, pending_token
  uuid, is_primary bool NOT NULL, schema_version int4 NOT NULL, workspace_id uuid NOT NULL, created_at timestamptz NOT
  NULL, updated_at timestamptz NOT NULL, deleted_at timestamptz, PRIMARY KEY (page_id, id));
CREATE TABLE base_rows (id uuid PRIMARY KEY, page_id uuid NOT NULL, cells jsonb NOT NULL, position varchar NOT NULL,
  creator_id uuid, last_updated_by_id uuid, workspace_id uuid NOT NULL, created_at timestamptz NOT NULL, updated_at
  timestamptz NOT NULL, deleted_at timestamptz);
CREATE TABLE base_views (id uuid PRIMARY KEY, page_id uuid NOT NULL, name varchar NOT NULL, type varchar NOT NULL,
  position varchar NOT NULL, config jsonb NOT NULL, workspace_id uuid NOT NULL, creator_id uuid, created_at
  timestamptz NOT NULL, updated_at timestamptz NOT NULL);
CREATE TABLE billing (id uuid PRIMARY KEY, stripe_subscription_id varchar NOT NULL, stripe_customer_id varchar, status
  varchar NOT NULL, quantity int8, amount int8, interval varchar, currency varchar, metadata jsonb, stripe_price_id
  varchar, stripe_item_id varchar, stripe_product_id varchar, period_start_at timestamptz NOT NULL, period_end_at
  timestamptz, cancel_at_period_end bool, cancel_at timestamptz, canceled_at timestamptz, ended_at timestamptz,
  workspace_id uuid NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at
  timestamptz, billing_scheme varchar, tiered_up_to varchar, tiered_flat_amount int8, tiered_unit_amount int8,
  plan_name varchar, UNIQUE (stripe_subscription_id));
CREATE TABLE comments (id uuid PRIMARY KEY, content jsonb, selection varchar, type varchar, creator_id uuid, page_id
  uuid NOT NULL, parent_comment_id uuid, workspace_id uuid NOT NULL, resolved_at timestamptz, created_at timestamptz
  NOT NULL, edited_at timestamptz, deleted_at timestamptz, last_edited_by_id uuid, resolved_by_id uuid, updated_at
  timestamptz NOT NULL, space_id uuid NOT NULL);
CREATE TABLE favorites (id uuid PRIMARY KEY, user_id uuid NOT NULL, page_id uuid, space_id uuid, template_id uuid,
  type varchar NOT NULL, workspace_id uuid NOT NULL, created_at timestamptz NOT NULL);
CREATE TABLE file_tasks (id uuid PRIMARY KEY, type varchar, source varchar, status varchar, file_name varchar NOT
  NULL, file_path varchar NOT NULL, file_size int8, file_ext varchar, error_message varchar, creator_id uuid, space_id
  uuid, workspace_id uuid NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at
  timestamptz, page_id uuid, metadata jsonb);
CREATE TABLE group_users (id uuid PRIMARY KEY, user_id uuid NOT NULL, group_id uuid NOT NULL, created_at timestamptz
  NOT NULL, updated_at timestamptz NOT NULL, UNIQUE (group_id, user_id));
CREATE TABLE groups (id uuid PRIMARY KEY, name varchar NOT NULL, description text, is_default bool NOT NULL,
  workspace_id uuid NOT NULL, creator_id uuid, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
  deleted_at timestamptz, scim_external_id text, is_external bool NOT NULL, UNIQUE (name, workspace_id));
CREATE TABLE kysely_migration (name varchar(255) PRIMARY KEY, timestamp varchar(255) NOT NULL);
CREATE TABLE kysely_migration_lock (id varchar(255) PRIMARY KEY, is_locked int4 NOT NULL);
CREATE TABLE labels (id uuid PRIMARY KEY, name varchar NOT NULL, type varchar NOT NULL, workspace_id uuid NOT NULL,
  created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL);
CREATE TABLE notifications (id uuid PRIMARY KEY, user_id uuid NOT NULL, workspace_id uuid NOT NULL, type text NOT
  NULL, actor_id uuid, page_id uuid, space_id uuid, comment_id uuid, data jsonb, read_at timestamptz, emailed_at
  timestamptz, archived_at timestamptz, created_at timestamptz NOT NULL, page_verification_id uuid);
CREATE TABLE page_access (id uuid PRIMARY KEY, page_id uuid NOT NULL, workspace_id uuid NOT NULL, space_id uuid NOT
  NULL, access_level varchar NOT NULL, creator_id uuid, created_at timestamptz NOT NULL, updated_at timestamptz NOT
  NULL, UNIQUE (page_id));
CREATE TABLE page_history (id uuid PRIMARY KEY, page_id uuid NOT NULL, slug_id varchar, title varchar, content jsonb,
  slug varchar, icon varchar, cover_photo varchar, version int4, last_updated_by_id uuid, space_id uuid NOT NULL,
  workspace_id uuid NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, contributor_ids
  uuid[]);
CREATE TABLE page_labels (id uuid PRIMARY KEY, page_id uuid NOT NULL, label_id uuid NOT NULL, created_at timestamptz
  NOT NULL, UNIQUE (page_id, label_id));
CREATE TABLE page_permissions (id uuid PRIMARY KEY, page_access_id uuid NOT NULL, user_id uuid, group_id uuid, role
  varchar NOT NULL, added_by_id uuid, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, UNIQUE
  (page_access_id, group_id), UNIQUE (page_access_id, user_id));
CREATE TABLE page_transclusion_references (id uuid PRIMARY KEY, workspace_id uuid NOT NULL, reference_page_id uuid NOT
  NULL, source_page_id uuid NOT NULL, transclusion_id varchar NOT NULL, created_at timestamptz NOT NULL, UNIQUE
  (reference_page_id, source_page_id, transclusion_id));
CREATE TABLE page_transclusions (id uuid PRIMARY KEY, workspace_id uuid NOT NULL, page_id uuid NOT NULL,
  transclusion_id varchar NOT NULL, content jsonb NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz
  NOT NULL, UNIQUE (page_id, transclusion_id));
CREATE TABLE page_verifications (id uuid PRIMARY KEY, page_id uuid NOT NULL, workspace_id uuid NOT NULL, space_id uuid
  NOT NULL, type varchar NOT NULL, status varchar, mode varchar, period_amount int4, period_unit varchar, verified_at
  timestamptz, verified_by_id uuid, expires_at timestamptz, requested_at timestamptz, requested_by_id uuid,
  rejected_at timestamptz, rejected_by_id uuid, rejection_comment text, data jsonb, creator_id uuid, created_at
  timestamptz NOT NULL, updated_at timestamptz NOT NULL, UNIQUE (page_id));
CREATE TABLE page_verifiers (id uuid PRIMARY KEY, page_verification_id uuid NOT NULL, user_id uuid NOT NULL,
  is_primary bool NOT NULL, added_by_id uuid, created_at timestamptz NOT NULL, UNIQUE (page_verification_id,
  user_id));
CREATE TABLE pages (id uuid PRIMARY KEY, slug_id varchar NOT NULL, title varchar, icon varchar, cover_photo varchar,
  position varchar, content jsonb, ydoc bytea, text_content text, tsv tsvector, parent_page_id uuid, creator_id uuid,
  last_updated_by_id uuid, deleted_by_id uuid, space_id uuid NOT NULL, workspace_id uuid NOT NULL, is_locked bool NOT
  NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at timestamptz, contributor_ids
  uuid[], is_base bool NOT NULL, base_schema_version int4 NOT NULL, UNIQUE (slug_id));
CREATE TABLE scim_tokens (id uuid PRIMARY KEY, name varchar NOT NULL, token_hash varchar NOT NULL, token_last_four
  varchar(4) NOT NULL, last_used_at timestamptz, is_enabled bool NOT NULL, creator_id uuid, workspace_id uuid NOT
  NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at timestamptz);
CREATE TABLE shares (id uuid PRIMARY KEY, key varchar NOT NULL, page_id uuid, include_sub_pages bool, search_indexing
  bool, creator_id uuid, space_id uuid NOT NULL, workspace_id uuid NOT NULL, created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL, deleted_at timestamptz, UNIQUE (key, workspace_id));
CREATE TABLE space_members (id uuid PRIMARY KEY, user_id uuid, group_id uuid, space_id uuid NOT NULL, role varchar NOT
  NULL, added_by_id uuid, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at timestamptz,
  UNIQUE (space_id, group_id), UNIQUE (space_id, user_id));
CREATE TABLE spaces (id uuid PRIMARY KEY, name varchar, description text, slug varchar NOT NULL, logo varchar,
  visibility varchar NOT NULL, default_role varchar NOT NULL, creator_id uuid, workspace_id uuid NOT NULL, created_at
  timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at timestamptz, settings jsonb, is_personal bool NOT
  NULL, UNIQUE (slug, workspace_id));
CREATE TABLE templates (id uuid PRIMARY KEY, title varchar, description text, content jsonb, ydoc bytea, icon varchar,
  space_id uuid, workspace_id uuid NOT NULL, creator_id uuid, last_updated_by_id uuid, collaborator_ids uuid[],
  text_content text, tsv tsvector, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at
  timestamptz);
CREATE TABLE user_mfa (id uuid PRIMARY KEY, user_id uuid NOT NULL, method varchar NOT NULL, secret text, is_enabled
  bool, backup_codes text[], workspace_id uuid NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT
  NULL, UNIQUE (user_id));
CREATE TABLE user_sessions (id uuid PRIMARY KEY, user_id uuid NOT NULL, workspace_id uuid NOT NULL, device_name
  varchar, user_agent text, ip_address inet, geo_location varchar, last_active_at timestamptz NOT NULL, expires_at
  timestamptz NOT NULL, metadata jsonb, revoked_at timestamptz, created_at timestamptz NOT NULL);
CREATE TABLE user_tokens (id uuid PRIMARY KEY, token varchar NOT NULL, type varchar NOT NULL, user_id uuid NOT NULL,
  workspace_id uuid, expires_at timestamptz, used_at timestamptz, created_at timestamptz NOT NULL);
CREATE TABLE users (id uuid PRIMARY KEY, name varchar, email varchar NOT NULL, email_verified_at timestamptz, password
  varchar, avatar_url varchar, role varchar, invited_by_id uuid, workspace_id uuid, locale varchar, timezone varchar,
  settings jsonb, last_active_at timestamptz, last_login_at timestamptz, deactivated_at timestamptz, created_at
  timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at timestamptz, has_generated_password bool NOT NULL,
  scim_external_id text, UNIQUE (email, workspace_id));
CREATE TABLE watchers (id uuid PRIMARY KEY, user_id uuid NOT NULL, page_id uuid, space_id uuid NOT NULL, workspace_id
  uuid NOT NULL, type text NOT NULL, added_by_id uuid, muted_at timestamptz, created_at timestamptz NOT NULL);
CREATE TABLE workspace_invitations (id uuid PRIMARY KEY, email varchar, role varchar NOT NULL, token varchar NOT NULL,
  group_ids uuid[], invited_by_id uuid, workspace_id uuid NOT NULL, created_at timestamptz NOT NULL, updated_at
  timestamptz NOT NULL, UNIQUE (email, workspace_id));
CREATE TABLE workspaces (id uuid PRIMARY KEY, name varchar, description varchar, logo varchar, hostname varchar,
  custom_domain varchar, settings jsonb, default_role varchar NOT NULL, email_domains varchar[], default_space_id
  uuid, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at timestamptz, stripe_customer_id
  varchar, status varchar, plan varchar, billing_email varchar, trial_end_at timestamptz, enforce_sso bool NOT NULL,
  license_key varchar, enforce_mfa bool, audit_retention_days int8, trash_retention_days int8, is_scim_enabled bool
  NOT NULL, UNIQUE (custom_domain), UNIQUE (hostname), UNIQUE (stripe_customer_id));
ALTER TABLE ai_chat_messages ADD FOREIGN KEY (chat_id) REFERENCES ai_chats, ADD FOREIGN KEY (user_id) REFERENCES
  users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE ai_chats ADD FOREIGN KEY (creator_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES
  workspaces;
ALTER TABLE api_keys ADD FOREIGN KEY (creator_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES
  workspaces;
ALTER TABLE attachments ADD FOREIGN KEY (creator_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES
  workspaces;
ALTER TABLE audit ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE auth_accounts ADD FOREIGN KEY (auth_provider_id) REFERENCES auth_providers, ADD FOREIGN KEY (user_id)
  REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE auth_providers ADD FOREIGN KEY (creator_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES
  workspaces;
ALTER TABLE backlinks ADD FOREIGN KEY (source_page_id) REFERENCES pages, ADD FOREIGN KEY (target_page_id) REFERENCES
  pages, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE base_properties ADD FOREIGN KEY (page_id) REFERENCES pages, ADD FOREIGN KEY (workspace_id) REFERENCES
  workspaces;
ALTER TABLE base_rows ADD FOREIGN KEY (creator_id) REFERENCES users, ADD FOREIGN KEY (last_updated_by_id) REFERENCES
  users, ADD FOREIGN KEY (page_id) REFERENCES pages, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE base_views ADD FOREIGN KEY (creator_id) REFERENCES users, ADD FOREIGN KEY (page_id) REFERENCES pages, ADD
  FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE billing ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE comments ADD FOREIGN KEY (creator_id) REFERENCES users, ADD FOREIGN KEY (last_edited_by_id) REFERENCES
  users, ADD FOREIGN KEY (page_id) REFERENCES pages, ADD FOREIGN KEY (parent_comment_id) REFERENCES comments, ADD
  FOREIGN KEY (resolved_by_id) REFERENCES users, ADD FOREIGN KEY (space_id) REFERENCES spaces, ADD FOREIGN KEY
  (workspace_id) REFERENCES workspaces;
ALTER TABLE favorites ADD FOREIGN KEY (page_id) REFERENCES pages, ADD FOREIGN KEY (space_id) REFERENCES spaces, ADD
  FOREIGN KEY (template_id) REFERENCES templates, ADD FOREIGN KEY (user_id) REFERENCES users, ADD FOREIGN KEY
  (workspace_id) REFERENCES workspaces;
ALTER TABLE file_tasks ADD FOREIGN KEY (creator_id) REFERENCES users, ADD FOREIGN KEY (page_id) REFERENCES pages, ADD
  FOREIGN KEY (space_id) REFERENCES spaces, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE group_users ADD FOREIGN KEY (group_id) REFERENCES groups, ADD FOREIGN KEY (user_id) REFERENCES users;
ALTER TABLE groups ADD FOREIGN KEY (creator_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES
  workspaces;
ALTER TABLE labels ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE notifications ADD FOREIGN KEY (actor_id) REFERENCES users, ADD FOREIGN KEY (comment_id) REFERENCES
  comments, ADD FOREIGN KEY (page_id) REFERENCES pages, ADD FOREIGN KEY (page_verification_id) REFERENCES
  page_verifications, ADD FOREIGN KEY (space_id) REFERENCES spaces, ADD FOREIGN KEY (user_id) REFERENCES users, ADD
  FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE page_access ADD FOREIGN KEY (creator_id) REFERENCES users, ADD FOREIGN KEY (page_id) REFERENCES pages, ADD
  FOREIGN KEY (space_id) REFERENCES spaces, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE page_history ADD FOREIGN KEY (last_updated_by_id) REFERENCES users, ADD FOREIGN KEY (page_id) REFERENCES
  pages, ADD FOREIGN KEY (space_id) REFERENCES spaces, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE page_labels ADD FOREIGN KEY (label_id) REFERENCES labels, ADD FOREIGN KEY (page_id) REFERENCES pages;
ALTER TABLE page_permissions ADD FOREIGN KEY (added_by_id) REFERENCES users, ADD FOREIGN KEY (group_id) REFERENCES
  groups, ADD FOREIGN KEY (page_access_id) REFERENCES page_access, ADD FOREIGN KEY (user_id) REFERENCES users;
ALTER TABLE page_transclusion_references ADD FOREIGN KEY (reference_page_id) REFERENCES pages, ADD FOREIGN KEY
  (source_page_id) REFERENCES pages, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE page_transclusions ADD FOREIGN KEY (page_id) REFERENCES pages, ADD FOREIGN KEY (workspace_id) REFERENCES
  workspaces;
ALTER TABLE page_verifications ADD FOREIGN KEY (creator_id) REFERENCES users, ADD FOREIGN KEY (page_id) REFERENCES
  pages, ADD FOREIGN KEY (rejected_by_id) REFERENCES users, ADD FOREIGN KEY (requested_by_id) REFERENCES users, ADD
  FOREIGN KEY (space_id) REFERENCES spaces, ADD FOREIGN KEY (verified_by_id) REFERENCES users, ADD FOREIGN KEY
  (workspace_id) REFERENCES workspaces;
ALTER TABLE page_verifiers ADD FOREIGN KEY (added_by_id) REFERENCES users, ADD FOREIGN KEY (page_verification_id)
  REFERENCES page_verifications, ADD FOREIGN KEY (user_id) REFERENCES users;
ALTER TABLE pages ADD FOREIGN KEY (creator_id) REFERENCES users, ADD FOREIGN KEY (deleted_by_id) REFERENCES users, ADD
  FOREIGN KEY (last_updated_by_id) REFERENCES users, ADD FOREIGN KEY (parent_page_id) REFERENCES pages, ADD FOREIGN
  KEY (space_id) REFERENCES spaces, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE scim_tokens ADD FOREIGN KEY (creator_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES
  workspaces;
ALTER TABLE shares ADD FOREIGN KEY (creator_id) REFERENCES users, ADD FOREIGN KEY (page_id) REFERENCES pages, ADD
  FOREIGN KEY (space_id) REFERENCES spaces, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE space_members ADD FOREIGN KEY (added_by_id) REFERENCES users, ADD FOREIGN KEY (group_id) REFERENCES
  groups, ADD FOREIGN KEY (space_id) REFERENCES spaces, ADD FOREIGN KEY (user_id) REFERENCES users;
ALTER TABLE spaces ADD FOREIGN KEY (creator_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES
  workspaces;
ALTER TABLE templates ADD FOREIGN KEY (creator_id) REFERENCES users, ADD FOREIGN KEY (last_updated_by_id) REFERENCES
  users, ADD FOREIGN KEY (space_id) REFERENCES spaces, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE user_mfa ADD FOREIGN KEY (user_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE user_sessions ADD FOREIGN KEY (user_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES
  workspaces;
ALTER TABLE user_tokens ADD FOREIGN KEY (user_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES
  workspaces;
ALTER TABLE users ADD FOREIGN KEY (invited_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES
  workspaces;
ALTER TABLE watchers ADD FOREIGN KEY (added_by_id) REFERENCES users, ADD FOREIGN KEY (page_id) REFERENCES pages, ADD
  FOREIGN KEY (space_id) REFERENCES spaces, ADD FOREIGN KEY (user_id) REFERENCES users, ADD FOREIGN KEY (workspace_id)
  REFERENCES workspaces;
ALTER TABLE workspace_invitations ADD FOREIGN KEY (invited_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id)
  REFERENCES workspaces;
ALTER TABLE workspaces ADD FOREIGN KEY (default_space_id) REFERENCES spaces;
