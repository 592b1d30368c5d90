-- The tables of Plane 1.3.1: names, types, keys and links.
CREATE TABLE accounts (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  provider_account_id varchar(255) NOT NULL, provider varchar NOT NULL, access_token text NOT NULL,
  access_token_expired_at timestamptz, refresh_token text, refresh_token_expired_at timestamptz, last_connected_at
  timestamptz NOT NULL, metadata jsonb NOT NULL, user_id uuid NOT NULL, id_token text NOT NULL, UNIQUE (provider,
  provider_account_id));
CREATE TABLE analytic_views (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  name varchar(255) NOT NULL, description text NOT NULL, query jsonb NOT NULL, query_dict jsonb NOT NULL,
  created_by_id uuid, updated_by_id uuid, workspace_id uuid NOT NULL, deleted_at timestamptz);
CREATE TABLE api_activity_logs (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  token_identifier varchar(255) NOT NULL, path varchar(255) NOT NULL, method varchar(10) NOT NULL, query_params text,
  headers text, body text, response_code int4 NOT NULL, response_body text, ip_address inet, user_agent varchar(512),
  created_by_id uuid, updated_by_id uuid, deleted_at timestamptz);
CREATE TABLE api_tokens (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY, token
  varchar(255) NOT NULL, label varchar(255) NOT NULL, user_type int2 NOT NULL, created_by_id uuid, updated_by_id uuid,
  user_id uuid NOT NULL, workspace_id uuid, description text NOT NULL, expired_at timestamptz, is_active bool NOT
  NULL, last_used timestamptz, is_service bool NOT NULL, deleted_at timestamptz, allowed_rate_limit varchar(255) NOT
  NULL, UNIQUE (token));
CREATE TABLE auth_group (id int4 PRIMARY KEY, name varchar(150) NOT NULL, UNIQUE (name));
CREATE TABLE auth_group_permissions (id int8 PRIMARY KEY, group_id int4 NOT NULL, permission_id int4 NOT NULL, UNIQUE
  (group_id, permission_id));
CREATE TABLE auth_permission (id int4 PRIMARY KEY, name varchar(255) NOT NULL, content_type_id int4 NOT NULL, codename
  varchar(100) NOT NULL, UNIQUE (content_type_id, codename));
CREATE TABLE changelogs (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY, title
  varchar(255) NOT NULL, description text NOT NULL, version varchar(255) NOT NULL, tags jsonb NOT NULL, release_date
  timestamptz, is_release_candidate bool NOT NULL, created_by_id uuid, updated_by_id uuid, deleted_at timestamptz);
CREATE TABLE comment_reactions (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  reaction text NOT NULL, actor_id uuid NOT NULL, comment_id uuid NOT NULL, created_by_id uuid, project_id uuid NOT
  NULL, updated_by_id uuid, workspace_id uuid NOT NULL, deleted_at timestamptz, UNIQUE (comment_id, actor_id,
  reaction, deleted_at));
CREATE TABLE cycle_issues (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  created_by_id uuid, cycle_id uuid NOT NULL, issue_id uuid NOT NULL, project_id uuid NOT NULL, updated_by_id uuid,
  workspace_id uuid NOT NULL, deleted_at timestamptz, UNIQUE (issue_id, cycle_id, deleted_at));
CREATE TABLE cycle_user_properties (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY
  KEY, filters jsonb NOT NULL, display_filters jsonb NOT NULL, display_properties jsonb NOT NULL, created_by_id uuid,
  cycle_id uuid NOT NULL, project_id uuid NOT NULL, updated_by_id uuid, user_id uuid NOT NULL, workspace_id uuid NOT
  NULL, deleted_at timestamptz, rich_filters jsonb NOT NULL, UNIQUE (cycle_id, user_id, deleted_at));
CREATE TABLE cycles (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY, name
  varchar(255) NOT NULL, description text NOT NULL, start_date timestamptz, end_date timestamptz, created_by_id uuid,
  owned_by_id uuid NOT NULL, project_id uuid NOT NULL, updated_by_id uuid, workspace_id uuid NOT NULL, view_props
  jsonb NOT NULL, sort_order float8 NOT NULL, external_id varchar(255), external_source varchar(255),
  progress_snapshot jsonb NOT NULL, archived_at timestamptz, logo_props jsonb NOT NULL, deleted_at timestamptz,
  timezone varchar(255) NOT NULL, version int4 NOT NULL);
CREATE TABLE deploy_boards (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  entity_identifier uuid, entity_name varchar(30), anchor varchar(255) NOT NULL, is_comments_enabled bool NOT NULL,
  is_reactions_enabled bool NOT NULL, is_votes_enabled bool NOT NULL, view_props jsonb NOT NULL, created_by_id uuid,
  intake_id uuid, project_id uuid, updated_by_id uuid, workspace_id uuid NOT NULL, deleted_at timestamptz,
  is_activity_enabled bool NOT NULL, is_disabled bool NOT NULL, UNIQUE (anchor), UNIQUE (entity_name,
  entity_identifier, deleted_at));
CREATE TABLE description_versions (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at
  timestamptz, id uuid PRIMARY KEY, description_json jsonb NOT NULL, description_html text NOT NULL,
  description_binary bytea, description_stripped text, created_by_id uuid, description_id uuid NOT NULL, project_id
  uuid, updated_by_id uuid, workspace_id uuid NOT NULL);
CREATE TABLE descriptions (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at timestamptz,
  id uuid PRIMARY KEY, description_json jsonb NOT NULL, description_html text NOT NULL, description_binary bytea,
  description_stripped text, created_by_id uuid, project_id uuid, updated_by_id uuid, workspace_id uuid NOT NULL);
CREATE TABLE device_sessions (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at
  timestamptz, id uuid PRIMARY KEY, is_active bool NOT NULL, user_agent varchar(255), ip_address inet, start_time
  timestamptz NOT NULL, end_time timestamptz, created_by_id uuid, device_id uuid NOT NULL, session_id varchar(128) NOT
  NULL, updated_by_id uuid);
CREATE TABLE devices (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at timestamptz, id
  uuid PRIMARY KEY, device_id varchar(255), device_type varchar(255) NOT NULL, push_token varchar(255), is_active bool
  NOT NULL, created_by_id uuid, updated_by_id uuid, user_id uuid NOT NULL);
CREATE TABLE django_celery_beat_clockedschedule (id int4 PRIMARY KEY, clocked_time timestamptz NOT NULL);
CREATE TABLE django_celery_beat_crontabschedule (id int4 PRIMARY KEY, minute varchar(240) NOT NULL, hour varchar(96)
  NOT NULL, day_of_week varchar(64) NOT NULL, day_of_month varchar(124) NOT NULL, month_of_year varchar(64) NOT NULL,
  timezone varchar(63) NOT NULL);
CREATE TABLE django_celery_beat_intervalschedule (id int4 PRIMARY KEY, every int4 NOT NULL, period varchar(24) NOT
  NULL);
CREATE TABLE django_celery_beat_periodictask (id int4 PRIMARY KEY, name varchar(200) NOT NULL, task varchar(200) NOT
  NULL, args text NOT NULL, kwargs text NOT NULL, queue varchar(200), exchange varchar(200), routing_key varchar(200),
  expires timestamptz, enabled bool NOT NULL, last_run_at timestamptz, total_run_count int4 NOT NULL, date_changed
  timestamptz NOT NULL, description text NOT NULL, crontab_id int4, interval_id int4, solar_id int4, one_off bool NOT
  NULL, start_time timestamptz, priority int4, headers text NOT NULL, clocked_id int4, expire_seconds int4, UNIQUE
  (name));
CREATE TABLE django_celery_beat_periodictasks (ident int2 PRIMARY KEY, last_update timestamptz NOT NULL);
CREATE TABLE django_celery_beat_solarschedule (id int4 PRIMARY KEY, event varchar(24) NOT NULL, latitude numeric(9,6)
  NOT NULL, longitude numeric(9,6) NOT NULL, UNIQUE (event, latitude, longitude));
CREATE TABLE django_content_type (id int4 PRIMARY KEY, app_label varchar(100) NOT NULL, model varchar(100) NOT NULL,
  UNIQUE (app_label, model));
CREATE TABLE django_migrations (id int8 PRIMARY KEY, app varchar(255) NOT NULL, name varchar(255) NOT NULL, applied
  timestamptz NOT NULL);
CREATE TABLE django_session (session_key varchar(40) PRIMARY KEY, session_data text NOT NULL, expire_date timestamptz
  NOT NULL);
CREATE TABLE draft_issue_assignees (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at
  timestamptz, id uuid PRIMARY KEY, assignee_id uuid NOT NULL, created_by_id uuid, draft_issue_id uuid NOT NULL,
  project_id uuid, updated_by_id uuid, workspace_id uuid NOT NULL, UNIQUE (draft_issue_id, assignee_id, deleted_at));
CREATE TABLE draft_issue_cycles (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at
  timestamptz, id uuid PRIMARY KEY, created_by_id uuid, cycle_id uuid NOT NULL, draft_issue_id uuid NOT NULL,
  project_id uuid, updated_by_id uuid, workspace_id uuid NOT NULL, UNIQUE (draft_issue_id, cycle_id, deleted_at));
CREATE TABLE draft_issue_labels (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at
  timestamptz, id uuid PRIMARY KEY, created_by_id uuid, draft_issue_id uuid NOT NULL, label_id uuid NOT NULL,
  project_id uuid, updated_by_id uuid, workspace_id uuid NOT NULL);
CREATE TABLE draft_issue_modules (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at
  timestamptz, id uuid PRIMARY KEY, created_by_id uuid, draft_issue_id uuid NOT NULL, module_id uuid NOT NULL,
  project_id uuid, updated_by_id uuid, workspace_id uuid NOT NULL, UNIQUE (draft_issue_id, module_id, deleted_at));
CREATE TABLE draft_issues (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at timestamptz,
  id uuid PRIMARY KEY, name varchar(255), description_json jsonb NOT NULL, description_html text NOT NULL,
  description_stripped text, description_binary bytea, priority varchar(30) NOT NULL, start_date date, target_date
  date, sort_order float8 NOT NULL, completed_at timestamptz, external_source varchar(255), external_id varchar(255),
  created_by_id uuid, estimate_point_id uuid, parent_id uuid, project_id uuid, state_id uuid, type_id uuid,
  updated_by_id uuid, workspace_id uuid NOT NULL);
CREATE TABLE email_notification_logs (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid
  PRIMARY KEY, entity_identifier uuid, entity_name varchar(255) NOT NULL, data jsonb, processed_at timestamptz,
  sent_at timestamptz, entity varchar(200) NOT NULL, old_value varchar(300), new_value varchar(300), created_by_id
  uuid, receiver_id uuid NOT NULL, triggered_by_id uuid NOT NULL, updated_by_id uuid, deleted_at timestamptz);
CREATE TABLE estimate_points (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  key int4 NOT NULL, description text NOT NULL, value varchar(255) NOT NULL, created_by_id uuid, estimate_id uuid NOT
  NULL, project_id uuid NOT NULL, updated_by_id uuid, workspace_id uuid NOT NULL, deleted_at timestamptz);
CREATE TABLE estimates (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY, name
  varchar(255) NOT NULL, description text NOT NULL, created_by_id uuid, project_id uuid NOT NULL, updated_by_id uuid,
  workspace_id uuid NOT NULL, type varchar(255) NOT NULL, last_used bool NOT NULL, deleted_at timestamptz, UNIQUE
  (name, project_id, deleted_at));
CREATE TABLE exporters (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY, project
  uuid[], provider varchar(50) NOT NULL, status varchar(50) NOT NULL, reason text NOT NULL, key text NOT NULL, url
  varchar(800), token varchar(255) NOT NULL, created_by_id uuid, initiated_by_id uuid NOT NULL, updated_by_id uuid,
  workspace_id uuid NOT NULL, filters jsonb, name varchar(255), type varchar(50) NOT NULL, deleted_at timestamptz,
  rich_filters jsonb, UNIQUE (token));
CREATE TABLE file_assets (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  attributes jsonb NOT NULL, asset varchar(800) NOT NULL, created_by_id uuid, updated_by_id uuid, workspace_id uuid,
  is_deleted bool NOT NULL, deleted_at timestamptz, is_archived bool NOT NULL, comment_id uuid, entity_type
  varchar(255), external_id varchar(255), external_source varchar(255), is_uploaded bool NOT NULL, issue_id uuid,
  page_id uuid, project_id uuid, size float8 NOT NULL, storage_metadata jsonb, user_id uuid, draft_issue_id uuid,
  entity_identifier varchar(255));
CREATE TABLE github_comment_syncs (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY
  KEY, repo_comment_id int8 NOT NULL, comment_id uuid NOT NULL, created_by_id uuid, issue_sync_id uuid NOT NULL,
  project_id uuid NOT NULL, updated_by_id uuid, workspace_id uuid NOT NULL, deleted_at timestamptz, UNIQUE
  (issue_sync_id, comment_id));
CREATE TABLE github_issue_syncs (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY
  KEY, repo_issue_id int8 NOT NULL, github_issue_id int8 NOT NULL, issue_url varchar(200) NOT NULL, created_by_id
  uuid, issue_id uuid NOT NULL, project_id uuid NOT NULL, repository_sync_id uuid NOT NULL, updated_by_id uuid,
  workspace_id uuid NOT NULL, deleted_at timestamptz, UNIQUE (repository_sync_id, issue_id));
CREATE TABLE github_repositories (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY
  KEY, name varchar(500) NOT NULL, url varchar(200), config jsonb NOT NULL, repository_id int8 NOT NULL, owner
  varchar(500) NOT NULL, created_by_id uuid, project_id uuid NOT NULL, updated_by_id uuid, workspace_id uuid NOT NULL,
  deleted_at timestamptz);
CREATE TABLE github_repository_syncs (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid
  PRIMARY KEY, credentials jsonb NOT NULL, actor_id uuid NOT NULL, created_by_id uuid, label_id uuid, project_id uuid
  NOT NULL, repository_id uuid NOT NULL, updated_by_id uuid, workspace_id uuid NOT NULL, workspace_integration_id uuid
  NOT NULL, deleted_at timestamptz, UNIQUE (project_id, repository_id), UNIQUE (repository_id));
CREATE TABLE importers (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY, service
  varchar(50) NOT NULL, status varchar(50) NOT NULL, metadata jsonb NOT NULL, config jsonb NOT NULL, data jsonb NOT
  NULL, created_by_id uuid, initiated_by_id uuid NOT NULL, project_id uuid NOT NULL, token_id uuid NOT NULL,
  updated_by_id uuid, workspace_id uuid NOT NULL, imported_data jsonb, deleted_at timestamptz);
CREATE TABLE instance_admins (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  role int4 NOT NULL, is_verified bool NOT NULL, created_by_id uuid, instance_id uuid NOT NULL, updated_by_id uuid,
  user_id uuid, deleted_at timestamptz, UNIQUE (instance_id, user_id));
CREATE TABLE instance_configurations (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid
  PRIMARY KEY, key varchar(100) NOT NULL, value text, category text NOT NULL, is_encrypted bool NOT NULL,
  created_by_id uuid, updated_by_id uuid, deleted_at timestamptz, UNIQUE (key));
CREATE TABLE instances (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  instance_name varchar(255) NOT NULL, whitelist_emails text, instance_id varchar(255) NOT NULL, current_version
  varchar(255) NOT NULL, last_checked_at timestamptz NOT NULL, namespace varchar(255), is_telemetry_enabled bool NOT
  NULL, is_support_required bool NOT NULL, is_setup_done bool NOT NULL, is_signup_screen_visited bool NOT NULL,
  is_verified bool NOT NULL, created_by_id uuid, updated_by_id uuid, domain text NOT NULL, latest_version
  varchar(255), edition varchar(255) NOT NULL, deleted_at timestamptz, is_test bool NOT NULL,
  is_current_version_deprecated bool NOT NULL, UNIQUE (instance_id));
CREATE TABLE intake_issues (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  status int4 NOT NULL, snoozed_till timestamptz, source varchar(255), created_by_id uuid, duplicate_to_id uuid,
  intake_id uuid NOT NULL, issue_id uuid NOT NULL, project_id uuid NOT NULL, updated_by_id uuid, workspace_id uuid NOT
  NULL, external_id varchar(255), external_source varchar(255), deleted_at timestamptz, extra jsonb NOT NULL,
  source_email text);
CREATE TABLE intakes (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY, name
  varchar(255) NOT NULL, description text NOT NULL, is_default bool NOT NULL, view_props jsonb NOT NULL, created_by_id
  uuid, project_id uuid NOT NULL, updated_by_id uuid, workspace_id uuid NOT NULL, logo_props jsonb NOT NULL,
  deleted_at timestamptz, UNIQUE (name, project_id, deleted_at));
CREATE TABLE integrations (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  title varchar(400) NOT NULL, provider varchar(400) NOT NULL, network int4 NOT NULL, description jsonb NOT NULL,
  author varchar(400) NOT NULL, webhook_url text NOT NULL, webhook_secret text NOT NULL, redirect_url text NOT NULL,
  metadata jsonb NOT NULL, verified bool NOT NULL, avatar_url text, created_by_id uuid, updated_by_id uuid, deleted_at
  timestamptz, UNIQUE (provider));
CREATE TABLE issue_activities (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  verb varchar(255) NOT NULL, field varchar(255), old_value text, new_value text, comment text NOT NULL, attachments
  varchar(200)[] NOT NULL, created_by_id uuid, issue_id uuid, issue_comment_id uuid, project_id uuid NOT NULL,
  updated_by_id uuid, workspace_id uuid NOT NULL, actor_id uuid, new_identifier uuid, old_identifier uuid, epoch
  float8, deleted_at timestamptz);
CREATE TABLE issue_assignees (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  assignee_id uuid NOT NULL, created_by_id uuid, issue_id uuid NOT NULL, project_id uuid NOT NULL, updated_by_id uuid,
  workspace_id uuid NOT NULL, deleted_at timestamptz, UNIQUE (issue_id, assignee_id, deleted_at));
CREATE TABLE issue_attachments (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  attributes jsonb NOT NULL, asset varchar(100) NOT NULL, created_by_id uuid, issue_id uuid NOT NULL, project_id uuid
  NOT NULL, updated_by_id uuid, workspace_id uuid NOT NULL, external_id varchar(255), external_source varchar(255),
  deleted_at timestamptz);
CREATE TABLE issue_blockers (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  block_id uuid NOT NULL, blocked_by_id uuid NOT NULL, created_by_id uuid, project_id uuid NOT NULL, updated_by_id
  uuid, workspace_id uuid NOT NULL, deleted_at timestamptz);
CREATE TABLE issue_comments (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  comment_stripped text NOT NULL, attachments varchar(200)[] NOT NULL, created_by_id uuid, issue_id uuid NOT NULL,
  project_id uuid NOT NULL, updated_by_id uuid, workspace_id uuid NOT NULL, actor_id uuid, comment_html text NOT NULL,
  comment_json jsonb NOT NULL, access varchar(100) NOT NULL, external_id varchar(255), external_source varchar(255),
  deleted_at timestamptz, edited_at timestamptz, description_id uuid, parent_id uuid, UNIQUE (description_id));
CREATE TABLE issue_description_versions (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at
  timestamptz, id uuid PRIMARY KEY, description_binary bytea, description_html text NOT NULL, description_stripped
  text, description_json jsonb NOT NULL, last_saved_at timestamptz NOT NULL, created_by_id uuid, issue_id uuid NOT
  NULL, owned_by_id uuid NOT NULL, project_id uuid NOT NULL, updated_by_id uuid, workspace_id uuid NOT NULL);
CREATE TABLE issue_labels (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  created_by_id uuid, issue_id uuid NOT NULL, label_id uuid NOT NULL, project_id uuid NOT NULL, updated_by_id uuid,
  workspace_id uuid NOT NULL, deleted_at timestamptz);
CREATE TABLE issue_links (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY, title
  varchar(255), url text NOT NULL, created_by_id uuid, issue_id uuid NOT NULL, project_id uuid NOT NULL, updated_by_id
  uuid, workspace_id uuid NOT NULL, metadata jsonb NOT NULL, deleted_at timestamptz);
CREATE TABLE issue_mentions (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  created_by_id uuid, issue_id uuid NOT NULL, mention_id uuid NOT NULL, project_id uuid NOT NULL, updated_by_id uuid,
  workspace_id uuid NOT NULL, deleted_at timestamptz, UNIQUE (issue_id, mention_id, deleted_at));
CREATE TABLE issue_reactions (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  reaction text NOT NULL, actor_id uuid NOT NULL, created_by_id uuid, issue_id uuid NOT NULL, project_id uuid NOT
  NULL, updated_by_id uuid, workspace_id uuid NOT NULL, deleted_at timestamptz, UNIQUE (issue_id, actor_id, reaction,
  deleted_at));
CREATE TABLE issue_relations (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  relation_type varchar(20) NOT NULL, created_by_id uuid, issue_id uuid NOT NULL, project_id uuid NOT NULL,
  related_issue_id uuid NOT NULL, updated_by_id uuid, workspace_id uuid NOT NULL, deleted_at timestamptz, UNIQUE
  (issue_id, related_issue_id, deleted_at));
CREATE TABLE issue_sequences (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  sequence int8 NOT NULL, deleted bool NOT NULL, created_by_id uuid, issue_id uuid, project_id uuid NOT NULL,
  updated_by_id uuid, workspace_id uuid NOT NULL, deleted_at timestamptz);
CREATE TABLE issue_subscribers (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  created_by_id uuid, issue_id uuid NOT NULL, project_id uuid NOT NULL, subscriber_id uuid NOT NULL, updated_by_id
  uuid, workspace_id uuid NOT NULL, deleted_at timestamptz, UNIQUE (issue_id, subscriber_id, deleted_at));
CREATE TABLE issue_types (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY, name
  varchar(255) NOT NULL, description text NOT NULL, logo_props jsonb NOT NULL, created_by_id uuid, updated_by_id uuid,
  workspace_id uuid NOT NULL, is_active bool NOT NULL, deleted_at timestamptz, is_default bool NOT NULL, level float8
  NOT NULL, external_id varchar(255), external_source varchar(255), is_epic bool NOT NULL);
CREATE TABLE issue_versions (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at timestamptz,
  id uuid PRIMARY KEY, parent uuid, state uuid, estimate_point uuid, name varchar(255) NOT NULL, priority varchar(30)
  NOT NULL, start_date date, target_date date, sequence_id int4 NOT NULL, sort_order float8 NOT NULL, completed_at
  timestamptz, archived_at date, is_draft bool NOT NULL, external_source varchar(255), external_id varchar(255), type
  uuid, last_saved_at timestamptz NOT NULL, owned_by_id uuid NOT NULL, assignees uuid[] NOT NULL, labels uuid[] NOT
  NULL, cycle uuid, modules uuid[] NOT NULL, properties jsonb NOT NULL, meta jsonb NOT NULL, created_by_id uuid,
  issue_id uuid NOT NULL, project_id uuid NOT NULL, updated_by_id uuid, workspace_id uuid NOT NULL, activity_id uuid);
CREATE TABLE issue_views (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY, name
  varchar(255) NOT NULL, description text NOT NULL, query jsonb NOT NULL, access int2 NOT NULL, filters jsonb NOT
  NULL, created_by_id uuid, project_id uuid, updated_by_id uuid, workspace_id uuid NOT NULL, display_filters jsonb NOT
  NULL, display_properties jsonb NOT NULL, sort_order float8 NOT NULL, logo_props jsonb NOT NULL, is_locked bool NOT
  NULL, owned_by_id uuid NOT NULL, deleted_at timestamptz, rich_filters jsonb NOT NULL, archived_at timestamptz);
CREATE TABLE issue_votes (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY, vote
  int4 NOT NULL, actor_id uuid NOT NULL, created_by_id uuid, issue_id uuid NOT NULL, project_id uuid NOT NULL,
  updated_by_id uuid, workspace_id uuid NOT NULL, deleted_at timestamptz, UNIQUE (issue_id, actor_id, deleted_at));
CREATE TABLE issues (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY, name
  varchar(255) NOT NULL, description_json jsonb NOT NULL, priority varchar(30) NOT NULL, start_date date, target_date
  date, sequence_id int4 NOT NULL, created_by_id uuid, parent_id uuid, project_id uuid NOT NULL, state_id uuid,
  updated_by_id uuid, workspace_id uuid NOT NULL, description_html text NOT NULL, description_stripped text,
  completed_at timestamptz, sort_order float8 NOT NULL, point int4, archived_at date, is_draft bool NOT NULL,
  external_id varchar(255), external_source varchar(255), description_binary bytea, estimate_point_id uuid, type_id
  uuid, deleted_at timestamptz);
CREATE TABLE labels (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY, name
  varchar(255) NOT NULL, description text NOT NULL, created_by_id uuid, project_id uuid, updated_by_id uuid,
  workspace_id uuid NOT NULL, parent_id uuid, color varchar(255) NOT NULL, sort_order float8 NOT NULL, external_id
  varchar(255), external_source varchar(255), deleted_at timestamptz);
CREATE TABLE module_issues (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  created_by_id uuid, issue_id uuid NOT NULL, module_id uuid NOT NULL, project_id uuid NOT NULL, updated_by_id uuid,
  workspace_id uuid NOT NULL, deleted_at timestamptz, UNIQUE (issue_id, module_id, deleted_at));
CREATE TABLE module_links (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  title varchar(255), url varchar(200) NOT NULL, created_by_id uuid, module_id uuid NOT NULL, project_id uuid NOT
  NULL, updated_by_id uuid, workspace_id uuid NOT NULL, metadata jsonb NOT NULL, deleted_at timestamptz);
CREATE TABLE module_members (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  created_by_id uuid, member_id uuid NOT NULL, module_id uuid NOT NULL, project_id uuid NOT NULL, updated_by_id uuid,
  workspace_id uuid NOT NULL, deleted_at timestamptz, UNIQUE (module_id, member_id, deleted_at));
CREATE TABLE module_user_properties (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY
  KEY, filters jsonb NOT NULL, display_filters jsonb NOT NULL, display_properties jsonb NOT NULL, created_by_id uuid,
  module_id uuid NOT NULL, project_id uuid NOT NULL, updated_by_id uuid, user_id uuid NOT NULL, workspace_id uuid NOT
  NULL, deleted_at timestamptz, rich_filters jsonb NOT NULL, UNIQUE (module_id, user_id, deleted_at));
CREATE TABLE modules (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY, name
  varchar(255) NOT NULL, description text NOT NULL, description_text jsonb, description_html jsonb, start_date date,
  target_date date, status varchar(20) NOT NULL, created_by_id uuid, lead_id uuid, project_id uuid NOT NULL,
  updated_by_id uuid, workspace_id uuid NOT NULL, view_props jsonb NOT NULL, sort_order float8 NOT NULL, external_id
  varchar(255), external_source varchar(255), archived_at timestamptz, logo_props jsonb NOT NULL, deleted_at
  timestamptz, UNIQUE (name, project_id, deleted_at));
CREATE TABLE notifications (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  data jsonb, entity_identifier uuid, entity_name varchar(255) NOT NULL, title text NOT NULL, message jsonb,
  message_html text NOT NULL, message_stripped text, sender varchar(255) NOT NULL, read_at timestamptz, snoozed_till
  timestamptz, archived_at timestamptz, created_by_id uuid, project_id uuid, receiver_id uuid NOT NULL,
  triggered_by_id uuid, updated_by_id uuid, workspace_id uuid NOT NULL, deleted_at timestamptz);
CREATE TABLE page_labels (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  created_by_id uuid, label_id uuid NOT NULL, page_id uuid NOT NULL, updated_by_id uuid, workspace_id uuid NOT NULL,
  deleted_at timestamptz);
CREATE TABLE page_logs (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  transaction uuid NOT NULL, entity_identifier uuid, entity_name varchar(30) NOT NULL, created_by_id uuid, page_id
  uuid NOT NULL, updated_by_id uuid, workspace_id uuid NOT NULL, deleted_at timestamptz, entity_type varchar(30),
  UNIQUE (page_id, transaction));
CREATE TABLE page_versions (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  last_saved_at timestamptz NOT NULL, description_binary bytea, description_html text NOT NULL, description_stripped
  text, description_json jsonb NOT NULL, created_by_id uuid, owned_by_id uuid NOT NULL, page_id uuid NOT NULL,
  updated_by_id uuid, workspace_id uuid NOT NULL, deleted_at timestamptz, sub_pages_data jsonb NOT NULL);
CREATE TABLE pages (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY, name text
  NOT NULL, description_json jsonb NOT NULL, description_html text NOT NULL, description_stripped text, access int2
  NOT NULL, created_by_id uuid, owned_by_id uuid NOT NULL, updated_by_id uuid, workspace_id uuid NOT NULL, color
  varchar(255) NOT NULL, archived_at date, is_locked bool NOT NULL, parent_id uuid, view_props jsonb NOT NULL,
  logo_props jsonb NOT NULL, description_binary bytea, is_global bool NOT NULL, deleted_at timestamptz, moved_to_page
  uuid, moved_to_project uuid, external_id varchar(255), external_source varchar(255), sort_order float8 NOT NULL);
CREATE TABLE profiles (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY, theme
  jsonb NOT NULL, is_tour_completed bool NOT NULL, onboarding_step jsonb NOT NULL, use_case text, role varchar(300),
  is_onboarded bool NOT NULL, last_workspace_id uuid, billing_address_country varchar(255) NOT NULL, billing_address
  jsonb, has_billing_address bool NOT NULL, company_name varchar(255) NOT NULL, user_id uuid NOT NULL,
  is_mobile_onboarded bool NOT NULL, mobile_onboarding_step jsonb NOT NULL, mobile_timezone_auto_set bool NOT NULL,
  language varchar(255) NOT NULL, is_smooth_cursor_enabled bool NOT NULL, start_of_the_week int2 NOT NULL,
  is_app_rail_docked bool NOT NULL, background_color varchar(255) NOT NULL, goals jsonb NOT NULL,
  has_marketing_email_consent bool NOT NULL, is_navigation_tour_completed bool NOT NULL, is_subscribed_to_changelog
  bool NOT NULL, notification_view_mode varchar(255) NOT NULL, product_tour jsonb NOT NULL, UNIQUE (user_id));
CREATE TABLE project_deploy_boards (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY
  KEY, anchor varchar(255) NOT NULL, comments bool NOT NULL, reactions bool NOT NULL, votes bool NOT NULL, views jsonb
  NOT NULL, created_by_id uuid, intake_id uuid, project_id uuid NOT NULL, updated_by_id uuid, workspace_id uuid NOT
  NULL, deleted_at timestamptz, UNIQUE (anchor), UNIQUE (project_id, anchor));
CREATE TABLE project_identifiers (id int8 PRIMARY KEY, created_at timestamptz NOT NULL, updated_at timestamptz NOT
  NULL, name varchar(12) NOT NULL, created_by_id uuid, project_id uuid NOT NULL, updated_by_id uuid, workspace_id
  uuid, deleted_at timestamptz, UNIQUE (name, workspace_id, deleted_at), UNIQUE (project_id));
CREATE TABLE project_issue_types (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at
  timestamptz, id uuid PRIMARY KEY, level int4 NOT NULL, is_default bool NOT NULL, created_by_id uuid, issue_type_id
  uuid NOT NULL, project_id uuid NOT NULL, updated_by_id uuid, workspace_id uuid NOT NULL, UNIQUE (project_id,
  issue_type_id, deleted_at));
CREATE TABLE project_member_invites (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY
  KEY, email varchar(255) NOT NULL, accepted bool NOT NULL, token varchar(255) NOT NULL, message text, responded_at
  timestamptz, role int2 NOT NULL, created_by_id uuid, project_id uuid NOT NULL, updated_by_id uuid, workspace_id uuid
  NOT NULL, deleted_at timestamptz);
CREATE TABLE project_members (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  comment text, role int2 NOT NULL, created_by_id uuid, member_id uuid, project_id uuid NOT NULL, updated_by_id uuid,
  workspace_id uuid NOT NULL, view_props jsonb NOT NULL, default_props jsonb NOT NULL, sort_order float8 NOT NULL,
  preferences jsonb NOT NULL, is_active bool NOT NULL, deleted_at timestamptz, UNIQUE (project_id, member_id,
  deleted_at));
CREATE TABLE project_pages (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  created_by_id uuid, page_id uuid NOT NULL, project_id uuid NOT NULL, updated_by_id uuid, workspace_id uuid NOT NULL,
  deleted_at timestamptz, UNIQUE (project_id, page_id, deleted_at));
CREATE TABLE project_public_members (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY
  KEY, created_by_id uuid, member_id uuid NOT NULL, project_id uuid NOT NULL, updated_by_id uuid, workspace_id uuid
  NOT NULL, deleted_at timestamptz, UNIQUE (project_id, member_id, deleted_at));
CREATE TABLE project_user_properties (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid
  PRIMARY KEY, display_properties jsonb NOT NULL, created_by_id uuid, project_id uuid NOT NULL, updated_by_id uuid,
  user_id uuid NOT NULL, workspace_id uuid NOT NULL, display_filters jsonb NOT NULL, filters jsonb NOT NULL,
  deleted_at timestamptz, rich_filters jsonb NOT NULL, preferences jsonb NOT NULL, sort_order float8 NOT NULL, UNIQUE
  (user_id, project_id, deleted_at));
CREATE TABLE project_webhooks (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at
  timestamptz, id uuid PRIMARY KEY, created_by_id uuid, project_id uuid NOT NULL, updated_by_id uuid, webhook_id uuid
  NOT NULL, workspace_id uuid NOT NULL, UNIQUE (project_id, webhook_id, deleted_at));
CREATE TABLE projects (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY, name
  varchar(255) NOT NULL, description text NOT NULL, description_text jsonb, description_html jsonb, network int2 NOT
  NULL, identifier varchar(12) NOT NULL, created_by_id uuid, default_assignee_id uuid, project_lead_id uuid,
  updated_by_id uuid, workspace_id uuid NOT NULL, emoji varchar(255), cycle_view bool NOT NULL, module_view bool NOT
  NULL, cover_image text, issue_views_view bool NOT NULL, page_view bool NOT NULL, estimate_id uuid, icon_prop jsonb,
  intake_view bool NOT NULL, archive_in int4 NOT NULL, close_in int4 NOT NULL, default_state_id uuid, logo_props jsonb
  NOT NULL, archived_at timestamptz, is_time_tracking_enabled bool NOT NULL, is_issue_type_enabled bool NOT NULL,
  deleted_at timestamptz, guest_view_all_features bool NOT NULL, timezone varchar(255) NOT NULL, cover_image_asset_id
  uuid, external_id varchar(255), external_source varchar(255), UNIQUE (identifier, workspace_id, deleted_at), UNIQUE
  (name, workspace_id, deleted_at));
CREATE TABLE sessions (session_data text NOT NULL, expire_date timestamptz NOT NULL, device_info jsonb, session_key
  varchar(128) PRIMARY KEY, user_id varchar(50));
CREATE TABLE slack_project_syncs (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY
  KEY, access_token varchar(300) NOT NULL, scopes text NOT NULL, bot_user_id varchar(50) NOT NULL, webhook_url
  varchar(1000) NOT NULL, data jsonb NOT NULL, team_id varchar(30) NOT NULL, team_name varchar(300) NOT NULL,
  created_by_id uuid, project_id uuid NOT NULL, updated_by_id uuid, workspace_id uuid NOT NULL,
  workspace_integration_id uuid NOT NULL, deleted_at timestamptz, UNIQUE (team_id, project_id));
CREATE TABLE social_login_connections (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid
  PRIMARY KEY, medium varchar(20) NOT NULL, last_login_at timestamptz, last_received_at timestamptz, token_data jsonb,
  extra_data jsonb, created_by_id uuid, updated_by_id uuid, user_id uuid NOT NULL, deleted_at timestamptz);
CREATE TABLE states (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY, name
  varchar(255) NOT NULL, description text NOT NULL, color varchar(255) NOT NULL, slug varchar(100) NOT NULL,
  created_by_id uuid, project_id uuid NOT NULL, updated_by_id uuid, workspace_id uuid NOT NULL, sequence float8 NOT
  NULL, "group" varchar(20) NOT NULL, "default" bool NOT NULL, external_id varchar(255), external_source varchar(255),
  is_triage bool NOT NULL, deleted_at timestamptz, UNIQUE (name, project_id, deleted_at));
CREATE TABLE stickies (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at timestamptz, id
  uuid PRIMARY KEY, name text, description jsonb NOT NULL, description_html text NOT NULL, description_stripped text,
  description_binary bytea, logo_props jsonb NOT NULL, color varchar(255), background_color varchar(255),
  created_by_id uuid, owner_id uuid NOT NULL, updated_by_id uuid, workspace_id uuid NOT NULL, sort_order float8 NOT
  NULL);
CREATE TABLE teams (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY, name
  varchar(255) NOT NULL, description text NOT NULL, created_by_id uuid, updated_by_id uuid, workspace_id uuid NOT
  NULL, logo_props jsonb NOT NULL, deleted_at timestamptz, UNIQUE (name, workspace_id, deleted_at));
CREATE TABLE user_favorites (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  entity_type varchar(100) NOT NULL, entity_identifier uuid, name varchar(255), is_folder bool NOT NULL, sequence
  float8 NOT NULL, created_by_id uuid, parent_id uuid, project_id uuid, updated_by_id uuid, user_id uuid NOT NULL,
  workspace_id uuid NOT NULL, deleted_at timestamptz, UNIQUE (entity_type, user_id, entity_identifier, deleted_at));
CREATE TABLE user_notification_preferences (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid
  PRIMARY KEY, property_change bool NOT NULL, state_change bool NOT NULL, comment bool NOT NULL, mention bool NOT
  NULL, issue_completed bool NOT NULL, created_by_id uuid, project_id uuid, updated_by_id uuid, user_id uuid NOT NULL,
  workspace_id uuid, deleted_at timestamptz);
CREATE TABLE user_recent_visits (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY
  KEY, entity_identifier uuid, entity_name varchar(30) NOT NULL, visited_at timestamptz NOT NULL, created_by_id uuid,
  project_id uuid, updated_by_id uuid, user_id uuid NOT NULL, workspace_id uuid NOT NULL, deleted_at timestamptz);
CREATE TABLE users (password varchar(128) NOT NULL, last_login timestamptz, id uuid PRIMARY KEY, username varchar(128)
  NOT NULL, mobile_number varchar(255), email varchar(255), first_name varchar(255) NOT NULL, last_name varchar(255)
  NOT NULL, avatar text NOT NULL, date_joined timestamptz NOT NULL, created_at timestamptz NOT NULL, updated_at
  timestamptz NOT NULL, last_location varchar(255) NOT NULL, created_location varchar(255) NOT NULL, is_superuser bool
  NOT NULL, is_managed bool NOT NULL, is_password_expired bool NOT NULL, is_active bool NOT NULL, is_staff bool NOT
  NULL, is_email_verified bool NOT NULL, is_password_autoset bool NOT NULL, token varchar(64) NOT NULL, user_timezone
  varchar(255) NOT NULL, last_active timestamptz, last_login_time timestamptz, last_logout_time timestamptz,
  last_login_ip varchar(255) NOT NULL, last_logout_ip varchar(255) NOT NULL, last_login_medium varchar(20) NOT NULL,
  last_login_uagent text NOT NULL, token_updated_at timestamptz, is_bot bool NOT NULL, cover_image varchar(800),
  display_name varchar(255) NOT NULL, avatar_asset_id uuid, cover_image_asset_id uuid, bot_type varchar(30),
  is_email_valid bool NOT NULL, masked_at timestamptz, is_password_reset_required bool NOT NULL, UNIQUE (email),
  UNIQUE (username));
CREATE TABLE users_groups (id int8 PRIMARY KEY, user_id uuid NOT NULL, group_id int4 NOT NULL, UNIQUE (user_id,
  group_id));
CREATE TABLE users_user_permissions (id int8 PRIMARY KEY, user_id uuid NOT NULL, permission_id int4 NOT NULL, UNIQUE
  (user_id, permission_id));
CREATE TABLE webhook_logs (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  event_type varchar(255), request_method varchar(10), request_headers text, request_body text, response_status text,
  response_headers text, response_body text, retry_count int2 NOT NULL, created_by_id uuid, updated_by_id uuid,
  webhook uuid NOT NULL, workspace_id uuid NOT NULL, deleted_at timestamptz);
CREATE TABLE webhooks (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY, url
  varchar(1024) NOT NULL, is_active bool NOT NULL, secret_key varchar(255) NOT NULL, project bool NOT NULL, issue bool
  NOT NULL, module bool NOT NULL, cycle bool NOT NULL, issue_comment bool NOT NULL, created_by_id uuid, updated_by_id
  uuid, workspace_id uuid NOT NULL, deleted_at timestamptz, is_internal bool NOT NULL, version varchar(50) NOT NULL,
  UNIQUE (workspace_id, url, deleted_at));
CREATE TABLE workspace_home_preferences (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at
  timestamptz, id uuid PRIMARY KEY, key varchar(255) NOT NULL, is_enabled bool NOT NULL, config jsonb NOT NULL,
  created_by_id uuid, updated_by_id uuid, user_id uuid NOT NULL, workspace_id uuid NOT NULL, sort_order float8 NOT
  NULL, UNIQUE (workspace_id, user_id, key, deleted_at));
CREATE TABLE workspace_integrations (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY
  KEY, metadata jsonb NOT NULL, config jsonb NOT NULL, actor_id uuid NOT NULL, api_token_id uuid NOT NULL,
  created_by_id uuid, integration_id uuid NOT NULL, updated_by_id uuid, workspace_id uuid NOT NULL, deleted_at
  timestamptz, UNIQUE (workspace_id, integration_id));
CREATE TABLE workspace_member_invites (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid
  PRIMARY KEY, email varchar(255) NOT NULL, accepted bool NOT NULL, token varchar(255) NOT NULL, message text,
  responded_at timestamptz, role int2 NOT NULL, created_by_id uuid, updated_by_id uuid, workspace_id uuid NOT NULL,
  deleted_at timestamptz, UNIQUE (email, workspace_id, deleted_at));
CREATE TABLE workspace_members (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  role int2 NOT NULL, created_by_id uuid, member_id uuid NOT NULL, updated_by_id uuid, workspace_id uuid NOT NULL,
  company_role text, view_props jsonb NOT NULL, default_props jsonb NOT NULL, issue_props jsonb NOT NULL, is_active
  bool NOT NULL, deleted_at timestamptz, explored_features jsonb NOT NULL, getting_started_checklist jsonb NOT NULL,
  tips jsonb NOT NULL, UNIQUE (workspace_id, member_id, deleted_at));
CREATE TABLE workspace_themes (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY,
  name varchar(300) NOT NULL, colors jsonb NOT NULL, actor_id uuid NOT NULL, created_by_id uuid, updated_by_id uuid,
  workspace_id uuid NOT NULL, deleted_at timestamptz, UNIQUE (workspace_id, name, deleted_at));
CREATE TABLE workspace_user_links (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at
  timestamptz, id uuid PRIMARY KEY, title varchar(255), url text NOT NULL, metadata jsonb NOT NULL, created_by_id
  uuid, owner_id uuid NOT NULL, project_id uuid, updated_by_id uuid, workspace_id uuid NOT NULL);
CREATE TABLE workspace_user_preferences (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at
  timestamptz, id uuid PRIMARY KEY, key varchar(255) NOT NULL, is_pinned bool NOT NULL, sort_order float8 NOT NULL,
  created_by_id uuid, updated_by_id uuid, user_id uuid NOT NULL, workspace_id uuid NOT NULL, UNIQUE (workspace_id,
  user_id, key, deleted_at));
CREATE TABLE workspace_user_properties (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid
  PRIMARY KEY, filters jsonb NOT NULL, display_filters jsonb NOT NULL, display_properties jsonb NOT NULL,
  created_by_id uuid, updated_by_id uuid, user_id uuid NOT NULL, workspace_id uuid NOT NULL, deleted_at timestamptz,
  rich_filters jsonb NOT NULL, navigation_control_preference varchar(25) NOT NULL, navigation_project_limit int4 NOT
  NULL, UNIQUE (workspace_id, user_id, deleted_at));
CREATE TABLE workspaces (created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, id uuid PRIMARY KEY, name
  varchar(80) NOT NULL, logo text, slug varchar(48) NOT NULL, created_by_id uuid, owner_id uuid NOT NULL,
  updated_by_id uuid, organization_size varchar(20), deleted_at timestamptz, logo_asset_id uuid, timezone varchar(255)
  NOT NULL, background_color varchar(255) NOT NULL, UNIQUE (slug));
ALTER TABLE accounts ADD FOREIGN KEY (user_id) REFERENCES users;
ALTER TABLE analytic_views ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (updated_by_id)
  REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE api_activity_logs ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (updated_by_id)
  REFERENCES users;
ALTER TABLE api_tokens ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (updated_by_id) REFERENCES
  users, ADD FOREIGN KEY (user_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE auth_group_permissions ADD FOREIGN KEY (group_id) REFERENCES auth_group, ADD FOREIGN KEY (permission_id)
  REFERENCES auth_permission;
ALTER TABLE auth_permission ADD FOREIGN KEY (content_type_id) REFERENCES django_content_type;
ALTER TABLE changelogs ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (updated_by_id) REFERENCES
  users;
ALTER TABLE comment_reactions ADD FOREIGN KEY (actor_id) REFERENCES users, ADD FOREIGN KEY (comment_id) REFERENCES
  issue_comments, ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (project_id) REFERENCES projects,
  ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE cycle_issues ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (cycle_id) REFERENCES
  cycles, ADD FOREIGN KEY (issue_id) REFERENCES issues, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN
  KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE cycle_user_properties ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (cycle_id)
  REFERENCES cycles, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES
  users, ADD FOREIGN KEY (user_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE cycles ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (owned_by_id) REFERENCES users,
  ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY
  (workspace_id) REFERENCES workspaces;
ALTER TABLE deploy_boards ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (intake_id) REFERENCES
  intakes, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD
  FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE description_versions ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (description_id)
  REFERENCES descriptions, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id)
  REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE descriptions ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (project_id) REFERENCES
  projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE device_sessions ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (device_id) REFERENCES
  devices, ADD FOREIGN KEY (session_id) REFERENCES sessions, ADD FOREIGN KEY (updated_by_id) REFERENCES users;
ALTER TABLE devices ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (updated_by_id) REFERENCES
  users, ADD FOREIGN KEY (user_id) REFERENCES users;
ALTER TABLE django_celery_beat_periodictask ADD FOREIGN KEY (clocked_id) REFERENCES
  django_celery_beat_clockedschedule, ADD FOREIGN KEY (crontab_id) REFERENCES django_celery_beat_crontabschedule, ADD
  FOREIGN KEY (interval_id) REFERENCES django_celery_beat_intervalschedule, ADD FOREIGN KEY (solar_id) REFERENCES
  django_celery_beat_solarschedule;
ALTER TABLE draft_issue_assignees ADD FOREIGN KEY (assignee_id) REFERENCES users, ADD FOREIGN KEY (created_by_id)
  REFERENCES users, ADD FOREIGN KEY (draft_issue_id) REFERENCES draft_issues, ADD FOREIGN KEY (project_id) REFERENCES
  projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE draft_issue_cycles ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (cycle_id) REFERENCES
  cycles, ADD FOREIGN KEY (draft_issue_id) REFERENCES draft_issues, ADD FOREIGN KEY (project_id) REFERENCES projects,
  ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE draft_issue_labels ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (draft_issue_id)
  REFERENCES draft_issues, ADD FOREIGN KEY (label_id) REFERENCES labels, ADD FOREIGN KEY (project_id) REFERENCES
  projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE draft_issue_modules ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (draft_issue_id)
  REFERENCES draft_issues, ADD FOREIGN KEY (module_id) REFERENCES modules, ADD FOREIGN KEY (project_id) REFERENCES
  projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE draft_issues ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (estimate_point_id)
  REFERENCES estimate_points, ADD FOREIGN KEY (parent_id) REFERENCES issues, ADD FOREIGN KEY (project_id) REFERENCES
  projects, ADD FOREIGN KEY (state_id) REFERENCES states, ADD FOREIGN KEY (type_id) REFERENCES issue_types, ADD
  FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE email_notification_logs ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (receiver_id)
  REFERENCES users, ADD FOREIGN KEY (triggered_by_id) REFERENCES users, ADD FOREIGN KEY (updated_by_id) REFERENCES
  users;
ALTER TABLE estimate_points ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (estimate_id) REFERENCES
  estimates, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD
  FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE estimates ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (project_id) REFERENCES
  projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE exporters ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (initiated_by_id) REFERENCES
  users, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE file_assets ADD FOREIGN KEY (comment_id) REFERENCES issue_comments, ADD FOREIGN KEY (created_by_id)
  REFERENCES users, ADD FOREIGN KEY (draft_issue_id) REFERENCES draft_issues, ADD FOREIGN KEY (issue_id) REFERENCES
  issues, ADD FOREIGN KEY (page_id) REFERENCES pages, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN
  KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (user_id) REFERENCES users, ADD FOREIGN KEY (workspace_id)
  REFERENCES workspaces;
ALTER TABLE github_comment_syncs ADD FOREIGN KEY (comment_id) REFERENCES issue_comments, ADD FOREIGN KEY
  (created_by_id) REFERENCES users, ADD FOREIGN KEY (issue_sync_id) REFERENCES github_issue_syncs, ADD FOREIGN KEY
  (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id)
  REFERENCES workspaces;
ALTER TABLE github_issue_syncs ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (issue_id) REFERENCES
  issues, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (repository_sync_id) REFERENCES
  github_repository_syncs, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES
  workspaces;
ALTER TABLE github_repositories ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (project_id)
  REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES
  workspaces;
ALTER TABLE github_repository_syncs ADD FOREIGN KEY (actor_id) REFERENCES users, ADD FOREIGN KEY (created_by_id)
  REFERENCES users, ADD FOREIGN KEY (label_id) REFERENCES labels, ADD FOREIGN KEY (project_id) REFERENCES projects,
  ADD FOREIGN KEY (repository_id) REFERENCES github_repositories, ADD FOREIGN KEY (updated_by_id) REFERENCES users,
  ADD FOREIGN KEY (workspace_id) REFERENCES workspaces, ADD FOREIGN KEY (workspace_integration_id) REFERENCES
  workspace_integrations;
ALTER TABLE importers ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (initiated_by_id) REFERENCES
  users, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (token_id) REFERENCES api_tokens, ADD
  FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE instance_admins ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (instance_id) REFERENCES
  instances, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (user_id) REFERENCES users;
ALTER TABLE instance_configurations ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (updated_by_id)
  REFERENCES users;
ALTER TABLE instances ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (updated_by_id) REFERENCES
  users;
ALTER TABLE intake_issues ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (duplicate_to_id)
  REFERENCES issues, ADD FOREIGN KEY (intake_id) REFERENCES intakes, ADD FOREIGN KEY (issue_id) REFERENCES issues, ADD
  FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY
  (workspace_id) REFERENCES workspaces;
ALTER TABLE intakes ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (project_id) REFERENCES
  projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE integrations ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (updated_by_id) REFERENCES
  users;
ALTER TABLE issue_activities ADD FOREIGN KEY (actor_id) REFERENCES users, ADD FOREIGN KEY (created_by_id) REFERENCES
  users, ADD FOREIGN KEY (issue_comment_id) REFERENCES issue_comments, ADD FOREIGN KEY (issue_id) REFERENCES issues,
  ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY
  (workspace_id) REFERENCES workspaces;
ALTER TABLE issue_assignees ADD FOREIGN KEY (assignee_id) REFERENCES users, ADD FOREIGN KEY (created_by_id) REFERENCES
  users, ADD FOREIGN KEY (issue_id) REFERENCES issues, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN
  KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE issue_attachments ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (issue_id) REFERENCES
  issues, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD
  FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE issue_blockers ADD FOREIGN KEY (block_id) REFERENCES issues, ADD FOREIGN KEY (blocked_by_id) REFERENCES
  issues, ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD
  FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE issue_comments ADD FOREIGN KEY (actor_id) REFERENCES users, ADD FOREIGN KEY (created_by_id) REFERENCES
  users, ADD FOREIGN KEY (description_id) REFERENCES descriptions, ADD FOREIGN KEY (issue_id) REFERENCES issues, ADD
  FOREIGN KEY (parent_id) REFERENCES issue_comments, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY
  (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE issue_description_versions ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (issue_id)
  REFERENCES issues, ADD FOREIGN KEY (owned_by_id) REFERENCES users, ADD FOREIGN KEY (project_id) REFERENCES projects,
  ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE issue_labels ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (issue_id) REFERENCES
  issues, ADD FOREIGN KEY (label_id) REFERENCES labels, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN
  KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE issue_links ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (issue_id) REFERENCES
  issues, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD
  FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE issue_mentions ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (issue_id) REFERENCES
  issues, ADD FOREIGN KEY (mention_id) REFERENCES users, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN
  KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE issue_reactions ADD FOREIGN KEY (actor_id) REFERENCES users, ADD FOREIGN KEY (created_by_id) REFERENCES
  users, ADD FOREIGN KEY (issue_id) REFERENCES issues, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN
  KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE issue_relations ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (issue_id) REFERENCES
  issues, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (related_issue_id) REFERENCES issues, ADD
  FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE issue_sequences ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (issue_id) REFERENCES
  issues, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD
  FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE issue_subscribers ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (issue_id) REFERENCES
  issues, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (subscriber_id) REFERENCES users, ADD
  FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE issue_types ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (updated_by_id) REFERENCES
  users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE issue_versions ADD FOREIGN KEY (activity_id) REFERENCES issue_activities, ADD FOREIGN KEY (created_by_id)
  REFERENCES users, ADD FOREIGN KEY (issue_id) REFERENCES issues, ADD FOREIGN KEY (owned_by_id) REFERENCES users, ADD
  FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY
  (workspace_id) REFERENCES workspaces;
ALTER TABLE issue_views ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (owned_by_id) REFERENCES
  users, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD
  FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE issue_votes ADD FOREIGN KEY (actor_id) REFERENCES users, ADD FOREIGN KEY (created_by_id) REFERENCES users,
  ADD FOREIGN KEY (issue_id) REFERENCES issues, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY
  (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE issues ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (estimate_point_id) REFERENCES
  estimate_points, ADD FOREIGN KEY (parent_id) REFERENCES issues, ADD FOREIGN KEY (project_id) REFERENCES projects,
  ADD FOREIGN KEY (state_id) REFERENCES states, ADD FOREIGN KEY (type_id) REFERENCES issue_types, ADD FOREIGN KEY
  (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE labels ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (parent_id) REFERENCES labels,
  ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY
  (workspace_id) REFERENCES workspaces;
ALTER TABLE module_issues ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (issue_id) REFERENCES
  issues, ADD FOREIGN KEY (module_id) REFERENCES modules, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD
  FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE module_links ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (module_id) REFERENCES
  modules, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD
  FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE module_members ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (member_id) REFERENCES
  users, ADD FOREIGN KEY (module_id) REFERENCES modules, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN
  KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE module_user_properties ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (module_id)
  REFERENCES modules, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES
  users, ADD FOREIGN KEY (user_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE modules ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (lead_id) REFERENCES users, ADD
  FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY
  (workspace_id) REFERENCES workspaces;
ALTER TABLE notifications ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (project_id) REFERENCES
  projects, ADD FOREIGN KEY (receiver_id) REFERENCES users, ADD FOREIGN KEY (triggered_by_id) REFERENCES users, ADD
  FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE page_labels ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (label_id) REFERENCES
  labels, ADD FOREIGN KEY (page_id) REFERENCES pages, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN
  KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE page_logs ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (page_id) REFERENCES pages,
  ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE page_versions ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (owned_by_id) REFERENCES
  users, ADD FOREIGN KEY (page_id) REFERENCES pages, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY
  (workspace_id) REFERENCES workspaces;
ALTER TABLE pages ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (owned_by_id) REFERENCES users,
  ADD FOREIGN KEY (parent_id) REFERENCES pages, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY
  (workspace_id) REFERENCES workspaces;
ALTER TABLE profiles ADD FOREIGN KEY (user_id) REFERENCES users;
ALTER TABLE project_deploy_boards ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (intake_id)
  REFERENCES intakes, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES
  users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE project_identifiers ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (project_id)
  REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES
  workspaces;
ALTER TABLE project_issue_types ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (issue_type_id)
  REFERENCES issue_types, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES
  users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE project_member_invites ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (project_id)
  REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES
  workspaces;
ALTER TABLE project_members ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (member_id) REFERENCES
  users, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD
  FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE project_pages ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (page_id) REFERENCES
  pages, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD
  FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE project_public_members ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (member_id)
  REFERENCES users, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES
  users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE project_user_properties ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (project_id)
  REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (user_id) REFERENCES users,
  ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE project_webhooks ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (project_id) REFERENCES
  projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (webhook_id) REFERENCES webhooks, ADD
  FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE projects ADD FOREIGN KEY (cover_image_asset_id) REFERENCES file_assets, ADD FOREIGN KEY (created_by_id)
  REFERENCES users, ADD FOREIGN KEY (default_assignee_id) REFERENCES users, ADD FOREIGN KEY (default_state_id)
  REFERENCES states, ADD FOREIGN KEY (estimate_id) REFERENCES estimates, ADD FOREIGN KEY (project_lead_id) REFERENCES
  users, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE slack_project_syncs ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (project_id)
  REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES
  workspaces, ADD FOREIGN KEY (workspace_integration_id) REFERENCES workspace_integrations;
ALTER TABLE social_login_connections ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (updated_by_id)
  REFERENCES users, ADD FOREIGN KEY (user_id) REFERENCES users;
ALTER TABLE states ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (project_id) REFERENCES projects,
  ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE stickies ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (owner_id) REFERENCES users,
  ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE teams ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (updated_by_id) REFERENCES users,
  ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE user_favorites ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (parent_id) REFERENCES
  user_favorites, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users,
  ADD FOREIGN KEY (user_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE user_notification_preferences ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY
  (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (user_id)
  REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE user_recent_visits ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (project_id)
  REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (user_id) REFERENCES users,
  ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE users ADD FOREIGN KEY (avatar_asset_id) REFERENCES file_assets, ADD FOREIGN KEY (cover_image_asset_id)
  REFERENCES file_assets;
ALTER TABLE users_groups ADD FOREIGN KEY (group_id) REFERENCES auth_group, ADD FOREIGN KEY (user_id) REFERENCES users;
ALTER TABLE users_user_permissions ADD FOREIGN KEY (permission_id) REFERENCES auth_permission, ADD FOREIGN KEY
  (user_id) REFERENCES users;
ALTER TABLE webhook_logs ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (updated_by_id) REFERENCES
  users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE webhooks ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (updated_by_id) REFERENCES
  users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE workspace_home_preferences ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY
  (updated_by_id) REFERENCES users, ADD FOREIGN KEY (user_id) REFERENCES users, ADD FOREIGN KEY (workspace_id)
  REFERENCES workspaces;
ALTER TABLE workspace_integrations ADD FOREIGN KEY (actor_id) REFERENCES users, ADD FOREIGN KEY (api_token_id)
  REFERENCES api_tokens, ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (integration_id) REFERENCES
  integrations, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES
  workspaces;
ALTER TABLE workspace_member_invites ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (updated_by_id)
  REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE workspace_members ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (member_id) REFERENCES
  users, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE workspace_themes ADD FOREIGN KEY (actor_id) REFERENCES users, ADD FOREIGN KEY (created_by_id) REFERENCES
  users, ADD FOREIGN KEY (updated_by_id) REFERENCES users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE workspace_user_links ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (owner_id)
  REFERENCES users, ADD FOREIGN KEY (project_id) REFERENCES projects, ADD FOREIGN KEY (updated_by_id) REFERENCES
  users, ADD FOREIGN KEY (workspace_id) REFERENCES workspaces;
ALTER TABLE workspace_user_preferences ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY
  (updated_by_id) REFERENCES users, ADD FOREIGN KEY (user_id) REFERENCES users, ADD FOREIGN KEY (workspace_id)
  REFERENCES workspaces;
ALTER TABLE workspace_user_properties ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY
  (updated_by_id) REFERENCES users, ADD FOREIGN KEY (user_id) REFERENCES users, ADD FOREIGN KEY (workspace_id)
  REFERENCES workspaces;
ALTER TABLE workspaces ADD FOREIGN KEY (created_by_id) REFERENCES users, ADD FOREIGN KEY (logo_asset_id) REFERENCES
  file_assets, ADD FOREIGN KEY (owner_id) REFERENCES users, ADD FOREIGN KEY (updated_by_id) REFERENCES users;
