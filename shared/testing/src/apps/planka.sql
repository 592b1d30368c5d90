-- The tables of Planka 2.1.0: names, types and keys. It declares no links.
CREATE TABLE action (id int8 PRIMARY KEY, card_id int8 NOT NULL, user_id int8, type text NOT NULL, data jsonb NOT
  NULL, created_at timestamp, updated_at timestamp, board_id int8);
CREATE TABLE attachment (id int8 PRIMARY KEY, card_id int8 NOT NULL, creator_user_id int8, type text NOT NULL, data
  jsonb NOT NULL, name text NOT NULL, created_at timestamp, updated_at timestamp);
CREATE TABLE background_image (id int8 PRIMARY KEY, project_id int8 NOT NULL, uploaded_file_id text NOT NULL,
  extension text NOT NULL, size int8 NOT NULL, created_at timestamp, updated_at timestamp);
CREATE TABLE base_custom_field_group (id int8 PRIMARY KEY, project_id int8 NOT NULL, name text NOT NULL, created_at
  timestamp, updated_at timestamp);
CREATE TABLE board (id int8 PRIMARY KEY, project_id int8 NOT NULL, position float8 NOT NULL, name text NOT NULL,
  default_view text NOT NULL, default_card_type text NOT NULL, limit_card_types_to_default_one bool NOT NULL,
  always_display_card_creator bool NOT NULL, created_at timestamp, updated_at timestamp, expand_task_lists_by_default
  bool NOT NULL, display_card_ages bool NOT NULL);
CREATE TABLE board_membership (id int8 PRIMARY KEY, project_id int8 NOT NULL, board_id int8 NOT NULL, user_id int8 NOT
  NULL, role text NOT NULL, can_comment bool, created_at timestamp, updated_at timestamp, UNIQUE (board_id, user_id));
CREATE TABLE board_subscription (id int8 PRIMARY KEY, board_id int8 NOT NULL, user_id int8 NOT NULL, created_at
  timestamp, updated_at timestamp, UNIQUE (board_id, user_id));
CREATE TABLE card (id int8 PRIMARY KEY, board_id int8 NOT NULL, list_id int8 NOT NULL, creator_user_id int8,
  prev_list_id int8, cover_attachment_id int8, type text NOT NULL, position float8, name text NOT NULL, description
  text, due_date timestamp, stopwatch jsonb, created_at timestamp, updated_at timestamp, list_changed_at timestamp,
  comments_total int4 NOT NULL, is_closed bool NOT NULL, is_due_completed bool);
CREATE TABLE card_label (id int8 PRIMARY KEY, card_id int8 NOT NULL, label_id int8 NOT NULL, created_at timestamp,
  updated_at timestamp, UNIQUE (card_id, label_id));
CREATE TABLE card_membership (id int8 PRIMARY KEY, card_id int8 NOT NULL, user_id int8 NOT NULL, created_at timestamp,
  updated_at timestamp, UNIQUE (card_id, user_id));
CREATE TABLE card_subscription (id int8 PRIMARY KEY, card_id int8 NOT NULL, user_id int8 NOT NULL, is_permanent bool
  NOT NULL, created_at timestamp, updated_at timestamp, UNIQUE (card_id, user_id));
CREATE TABLE comment (id int8 PRIMARY KEY, card_id int8 NOT NULL, user_id int8, text text NOT NULL, created_at
  timestamp, updated_at timestamp);
CREATE TABLE config (id int8 PRIMARY KEY, created_at timestamp, updated_at timestamp, smtp_host text, smtp_port int4,
  smtp_name text, smtp_secure bool NOT NULL, smtp_tls_reject_unauthorized bool NOT NULL, smtp_user text, smtp_password
  text, smtp_from text);
CREATE TABLE custom_field (id int8 PRIMARY KEY, base_custom_field_group_id int8, custom_field_group_id int8, position
  float8 NOT NULL, name text NOT NULL, show_on_front_of_card bool NOT NULL, created_at timestamp, updated_at
  timestamp);
CREATE TABLE custom_field_group (id int8 PRIMARY KEY, board_id int8, card_id int8, base_custom_field_group_id int8,
  position float8 NOT NULL, name text, created_at timestamp, updated_at timestamp);
CREATE TABLE custom_field_value (id int8 PRIMARY KEY, card_id int8 NOT NULL, custom_field_group_id int8 NOT NULL,
  custom_field_id int8 NOT NULL, content text NOT NULL, created_at timestamp, updated_at timestamp, UNIQUE (card_id,
  custom_field_group_id, custom_field_id));
CREATE TABLE identity_provider_user (id int8 PRIMARY KEY, user_id int8 NOT NULL, issuer text NOT NULL, sub text NOT
  NULL, created_at timestamp, updated_at timestamp, UNIQUE (issuer, sub));
CREATE TABLE internal_config (id int8 PRIMARY KEY, storage_limit text, active_users_limit int4, is_initialized bool
  NOT NULL, created_at timestamp, updated_at timestamp);
CREATE TABLE label (id int8 PRIMARY KEY, board_id int8 NOT NULL, position float8 NOT NULL, name text, color text NOT
  NULL, created_at timestamp, updated_at timestamp);
CREATE TABLE list (id int8 PRIMARY KEY, board_id int8 NOT NULL, type text NOT NULL, position float8, name text, color
  text, created_at timestamp, updated_at timestamp);
CREATE TABLE migration (id int4 PRIMARY KEY, name varchar(255), batch int4, migration_time timestamptz);
CREATE TABLE migration_lock (index int4 PRIMARY KEY, is_locked int4);
CREATE TABLE notification (id int8 PRIMARY KEY, user_id int8 NOT NULL, creator_user_id int8, board_id int8 NOT NULL,
  card_id int8 NOT NULL, comment_id int8, action_id int8, type text NOT NULL, data jsonb NOT NULL, is_read bool NOT
  NULL, created_at timestamp, updated_at timestamp);
CREATE TABLE notification_service (id int8 PRIMARY KEY, user_id int8, board_id int8, url text NOT NULL, format text
  NOT NULL, created_at timestamp, updated_at timestamp);
CREATE TABLE project (id int8 PRIMARY KEY, owner_project_manager_id int8, background_image_id int8, name text NOT
  NULL, description text, background_type text, background_gradient text, is_hidden bool NOT NULL, created_at
  timestamp, updated_at timestamp);
CREATE TABLE project_favorite (id int8 PRIMARY KEY, project_id int8 NOT NULL, user_id int8 NOT NULL, created_at
  timestamp, updated_at timestamp, UNIQUE (project_id, user_id));
CREATE TABLE project_manager (id int8 PRIMARY KEY, project_id int8 NOT NULL, user_id int8 NOT NULL, created_at
  timestamp, updated_at timestamp, UNIQUE (project_id, user_id));
CREATE TABLE session (id int8 PRIMARY KEY, user_id int8 NOT NULL, access_token text, http_only_token text,
  remote_address text NOT NULL, user_agent text, created_at timestamp, updated_at timestamp, deleted_at timestamp,
  pending_token text, UNIQUE (access_token), UNIQUE (pending_token));
CREATE TABLE storage_usage (id int8 PRIMARY KEY, total int8 NOT NULL, user_avatars int8 NOT NULL, background_images
  int8 NOT NULL, attachments int8 NOT NULL, created_at timestamp, updated_at timestamp);
CREATE TABLE task (id int8 PRIMARY KEY, task_list_id int8 NOT NULL, assignee_user_id int8, position float8 NOT NULL,
  name text NOT NULL, is_completed bool NOT NULL, created_at timestamp, updated_at timestamp, linked_card_id int8);
CREATE TABLE task_list (id int8 PRIMARY KEY, card_id int8 NOT NULL, position float8 NOT NULL, name text NOT NULL,
  show_on_front_of_card bool NOT NULL, created_at timestamp, updated_at timestamp, hide_completed_tasks bool NOT
  NULL);
CREATE TABLE uploaded_file (id text PRIMARY KEY, references_total int4, created_at timestamp, updated_at timestamp,
  type text NOT NULL, mime_type text, size int8 NOT NULL);
CREATE TABLE user_account (id int8 PRIMARY KEY, email text NOT NULL, password text, role text NOT NULL, name text NOT
  NULL, username text, avatar jsonb, phone text, organization text, language text, subscribe_to_own_cards bool NOT
  NULL, subscribe_to_card_when_commenting bool NOT NULL, turn_off_recent_card_highlighting bool NOT NULL,
  enable_favorites_by_default bool NOT NULL, default_editor_mode text NOT NULL, default_home_view text NOT NULL,
  default_projects_order text NOT NULL, is_sso_user bool NOT NULL, is_deactivated bool NOT NULL, created_at timestamp,
  updated_at timestamp, password_changed_at timestamp, terms_signature text, terms_accepted_at timestamp,
  api_key_prefix text, api_key_hash text, api_key_created_at timestamp, UNIQUE (api_key_hash), UNIQUE (email));
CREATE TABLE webhook (id int8 PRIMARY KEY, board_id int8, name text NOT NULL, url text NOT NULL, access_token text,
  events text[], excluded_events text[], created_at timestamp, updated_at timestamp);
