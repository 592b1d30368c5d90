-- The tables of Chatwoot as of August 2026 (4.14): names, types, keys and the four links that it declares.
-- Embeddings are lists of numbers here, so that the server needs no extension.
CREATE TABLE access_tokens (id int8 PRIMARY KEY, owner_type varchar, owner_id int8, token varchar, created_at
  timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, UNIQUE (token));
CREATE TABLE account_saml_settings (id int8 PRIMARY KEY, account_id int8 NOT NULL, sso_url varchar, certificate text,
  sp_entity_id varchar, idp_entity_id varchar, role_mappings json, created_at timestamp(6) NOT NULL, updated_at
  timestamp(6) NOT NULL);
CREATE TABLE account_users (id int8 PRIMARY KEY, account_id int8, user_id int8, role int4, inviter_id int8, created_at
  timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, active_at timestamp, availability int4 NOT NULL,
  auto_offline bool NOT NULL, custom_role_id int8, agent_capacity_policy_id int8, UNIQUE (account_id, user_id));
CREATE TABLE accounts (id int4 PRIMARY KEY, name varchar NOT NULL, created_at timestamp NOT NULL, updated_at timestamp
  NOT NULL, locale int4, domain varchar(100), support_email varchar(100), feature_flags int8 NOT NULL,
  auto_resolve_duration int4, limits jsonb, custom_attributes jsonb, status int4, internal_attributes jsonb NOT NULL,
  settings jsonb, feature_flags_ext_1 int8 NOT NULL);
CREATE TABLE action_mailbox_inbound_emails (id int8 PRIMARY KEY, status int4 NOT NULL, message_id varchar NOT NULL,
  message_checksum varchar NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, UNIQUE
  (message_id, message_checksum));
CREATE TABLE active_storage_attachments (id int8 PRIMARY KEY, name varchar NOT NULL, record_type varchar NOT NULL,
  record_id int8 NOT NULL, blob_id int8 NOT NULL, created_at timestamp NOT NULL, UNIQUE (record_type, record_id, name,
  blob_id));
CREATE TABLE active_storage_blobs (id int8 PRIMARY KEY, key varchar NOT NULL, filename varchar NOT NULL, content_type
  varchar, metadata text, byte_size int8 NOT NULL, checksum varchar, created_at timestamp NOT NULL, service_name
  varchar NOT NULL, UNIQUE (key));
CREATE TABLE active_storage_variant_records (id int8 PRIMARY KEY, blob_id int8 NOT NULL, variation_digest varchar NOT
  NULL, UNIQUE (blob_id, variation_digest));
CREATE TABLE agent_bot_inboxes (id int8 PRIMARY KEY, inbox_id int4, agent_bot_id int4, status int4, created_at
  timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, account_id int4);
CREATE TABLE agent_bots (id int8 PRIMARY KEY, name varchar, description varchar, outgoing_url varchar, created_at
  timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, account_id int8, bot_type int4, bot_config jsonb, secret
  varchar);
CREATE TABLE agent_capacity_policies (id int8 PRIMARY KEY, account_id int8 NOT NULL, name varchar(255) NOT NULL,
  description text, exclusion_rules jsonb NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT
  NULL);
CREATE TABLE agent_sessions (id int8 PRIMARY KEY, session_type int4 NOT NULL, subject_type varchar NOT NULL,
  subject_id int8 NOT NULL, result_type varchar, result_id int8, account_id int8 NOT NULL, assistant_id int8 NOT NULL,
  user_id int8, llm_model varchar, credits_consumed float8, faq_ids jsonb, document_ids jsonb, scenario_ids jsonb,
  run_context jsonb, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE TABLE applied_slas (id int8 PRIMARY KEY, account_id int8 NOT NULL, sla_policy_id int8 NOT NULL, conversation_id
  int8 NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, sla_status int4, UNIQUE
  (account_id, sla_policy_id, conversation_id));
CREATE TABLE ar_internal_metadata (key varchar PRIMARY KEY, value varchar, created_at timestamp(6) NOT NULL,
  updated_at timestamp(6) NOT NULL);
CREATE TABLE article_embeddings (id int8 PRIMARY KEY, article_id int8 NOT NULL, term text NOT NULL, embedding real[],
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE TABLE articles (id int8 PRIMARY KEY, account_id int4 NOT NULL, portal_id int4 NOT NULL, category_id int4,
  folder_id int4, title varchar, description text, content text, status int4, views int4, created_at timestamp(6) NOT
  NULL, updated_at timestamp(6) NOT NULL, author_id int8, associated_article_id int8, meta jsonb, slug varchar NOT
  NULL, position int4, locale varchar NOT NULL, draft_title varchar, draft_content text, UNIQUE (slug));
CREATE TABLE assignment_policies (id int8 PRIMARY KEY, account_id int8 NOT NULL, name varchar(255) NOT NULL,
  description text, assignment_order int4 NOT NULL, conversation_priority int4 NOT NULL, fair_distribution_limit int4
  NOT NULL, fair_distribution_window int4 NOT NULL, enabled bool NOT NULL, created_at timestamp(6) NOT NULL,
  updated_at timestamp(6) NOT NULL, exclude_older_than_hours int4, UNIQUE (account_id, name));
CREATE TABLE attachments (id int4 PRIMARY KEY, file_type int4, external_url varchar, coordinates_lat float8,
  coordinates_long float8, message_id int4 NOT NULL, account_id int4 NOT NULL, created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL, fallback_title varchar, extension varchar, meta jsonb);
CREATE TABLE audits (id int8 PRIMARY KEY, auditable_id int8, auditable_type varchar, associated_id int8,
  associated_type varchar, user_id int8, user_type varchar, username varchar, action varchar, audited_changes jsonb,
  version int4, comment varchar, remote_address varchar, request_uuid varchar, created_at timestamp);
CREATE TABLE automation_rules (id int8 PRIMARY KEY, account_id int8 NOT NULL, name varchar NOT NULL, description text,
  event_name varchar NOT NULL, conditions jsonb NOT NULL, actions jsonb NOT NULL, created_at timestamp(6) NOT NULL,
  updated_at timestamp(6) NOT NULL, active bool NOT NULL);
CREATE TABLE calls (id int8 PRIMARY KEY, account_id int8 NOT NULL, inbox_id int8 NOT NULL, conversation_id int8 NOT
  NULL, contact_id int8 NOT NULL, message_id int8, accepted_by_agent_id int8, provider_call_id varchar NOT NULL,
  provider int4 NOT NULL, direction int4 NOT NULL, status varchar NOT NULL, started_at timestamp(6), duration_seconds
  int4, end_reason varchar, meta jsonb, transcript text, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT
  NULL, UNIQUE (provider, provider_call_id));
CREATE TABLE campaigns (id int8 PRIMARY KEY, display_id int4 NOT NULL, title varchar NOT NULL, description text,
  message text NOT NULL, sender_id int4, enabled bool, account_id int8 NOT NULL, inbox_id int8 NOT NULL, trigger_rules
  jsonb, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, campaign_type int4 NOT NULL,
  campaign_status int4 NOT NULL, audience jsonb, scheduled_at timestamp, trigger_only_during_business_hours bool,
  template_params jsonb);
CREATE TABLE canned_responses (id int4 PRIMARY KEY, account_id int4 NOT NULL, short_code varchar, content text,
  created_at timestamp NOT NULL, updated_at timestamp NOT NULL);
CREATE TABLE captain_assistant_responses (id int8 PRIMARY KEY, question varchar NOT NULL, answer text NOT NULL,
  embedding real[], assistant_id int8 NOT NULL, documentable_id int8, account_id int8 NOT NULL, created_at
  timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, status int4 NOT NULL, documentable_type varchar, edited
  bool NOT NULL);
CREATE TABLE captain_assistants (id int8 PRIMARY KEY, name varchar NOT NULL, account_id int8 NOT NULL, description
  text, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, config jsonb NOT NULL, response_guidelines
  jsonb, guardrails jsonb);
CREATE TABLE captain_custom_tools (id int8 PRIMARY KEY, account_id int8 NOT NULL, slug varchar NOT NULL, title varchar
  NOT NULL, description text, http_method varchar NOT NULL, endpoint_url text NOT NULL, request_template text,
  response_template text, auth_type varchar, auth_config jsonb, param_schema jsonb, enabled bool NOT NULL, created_at
  timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, UNIQUE (account_id, slug));
CREATE TABLE captain_documents (id int8 PRIMARY KEY, name varchar, external_link text NOT NULL, content text,
  assistant_id int8 NOT NULL, account_id int8 NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT
  NULL, status int4 NOT NULL, metadata jsonb, sync_status int4, last_synced_at timestamp(6), last_sync_attempted_at
  timestamp(6));
CREATE TABLE captain_faq_observations (id int8 PRIMARY KEY, account_id int8 NOT NULL, conversation_id int8 NOT NULL,
  faq_suggestion_id int8, generated_question varchar NOT NULL, generated_answer text NOT NULL, language varchar NOT
  NULL, status int4 NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE TABLE captain_faq_suggestions (id int8 PRIMARY KEY, question varchar NOT NULL, answer text NOT NULL, embedding
  real[], assistant_id int8 NOT NULL, account_id int8 NOT NULL, language varchar NOT NULL, source_count int4 NOT NULL,
  status int4 NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE TABLE captain_inboxes (id int8 PRIMARY KEY, captain_assistant_id int8 NOT NULL, inbox_id int8 NOT NULL,
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, UNIQUE (captain_assistant_id, inbox_id));
CREATE TABLE captain_message_reports (id int8 PRIMARY KEY, account_id int8 NOT NULL, conversation_id int8 NOT NULL,
  message_id int8 NOT NULL, user_id int8 NOT NULL, report_reason varchar NOT NULL, description text, created_at
  timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE TABLE captain_scenarios (id int8 PRIMARY KEY, title varchar, description text, instruction text, tools jsonb,
  enabled bool NOT NULL, assistant_id int8 NOT NULL, account_id int8 NOT NULL, created_at timestamp(6) NOT NULL,
  updated_at timestamp(6) NOT NULL);
CREATE TABLE categories (id int8 PRIMARY KEY, account_id int4 NOT NULL, portal_id int4 NOT NULL, name varchar,
  description text, position int4, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, locale varchar,
  slug varchar NOT NULL, parent_category_id int8, associated_category_id int8, icon varchar, icon_color varchar,
  UNIQUE (slug, locale, portal_id));
CREATE TABLE channel_api (id int8 PRIMARY KEY, account_id int4 NOT NULL, webhook_url varchar, created_at timestamp(6)
  NOT NULL, updated_at timestamp(6) NOT NULL, identifier varchar, hmac_token varchar, hmac_mandatory bool,
  additional_attributes jsonb, secret varchar, UNIQUE (hmac_token), UNIQUE (identifier));
CREATE TABLE channel_email (id int8 PRIMARY KEY, account_id int4 NOT NULL, email varchar NOT NULL, forward_to_email
  varchar NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, imap_enabled bool,
  imap_address varchar, imap_port int4, imap_login varchar, imap_password varchar, imap_enable_ssl bool, smtp_enabled
  bool, smtp_address varchar, smtp_port int4, smtp_login varchar, smtp_password varchar, smtp_domain varchar,
  smtp_enable_starttls_auto bool, smtp_authentication varchar, smtp_openssl_verify_mode varchar, smtp_enable_ssl_tls
  bool, provider_config jsonb, provider varchar, imap_authentication varchar, verified_for_sending bool NOT NULL,
  UNIQUE (email), UNIQUE (forward_to_email));
CREATE TABLE channel_facebook_pages (id int4 PRIMARY KEY, page_id varchar NOT NULL, user_access_token varchar NOT
  NULL, page_access_token varchar NOT NULL, account_id int4 NOT NULL, created_at timestamp NOT NULL, updated_at
  timestamp NOT NULL, instagram_id varchar, UNIQUE (page_id, account_id));
CREATE TABLE channel_instagram (id int8 PRIMARY KEY, access_token varchar NOT NULL, expires_at timestamp(6) NOT NULL,
  account_id int4 NOT NULL, instagram_id varchar NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6)
  NOT NULL, UNIQUE (instagram_id));
CREATE TABLE channel_line (id int8 PRIMARY KEY, account_id int4 NOT NULL, line_channel_id varchar NOT NULL,
  line_channel_secret varchar NOT NULL, line_channel_token varchar NOT NULL, created_at timestamp(6) NOT NULL,
  updated_at timestamp(6) NOT NULL, UNIQUE (line_channel_id));
CREATE TABLE channel_sms (id int8 PRIMARY KEY, account_id int4 NOT NULL, phone_number varchar NOT NULL, provider
  varchar, provider_config jsonb, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, UNIQUE
  (phone_number));
CREATE TABLE channel_telegram (id int8 PRIMARY KEY, bot_name varchar, account_id int4 NOT NULL, bot_token varchar NOT
  NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, UNIQUE (bot_token));
CREATE TABLE channel_tiktok (id int8 PRIMARY KEY, account_id int4 NOT NULL, business_id varchar NOT NULL, access_token
  varchar NOT NULL, expires_at timestamp(6) NOT NULL, refresh_token varchar NOT NULL, refresh_token_expires_at
  timestamp(6) NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, UNIQUE (business_id));
CREATE TABLE channel_twilio_sms (id int8 PRIMARY KEY, phone_number varchar, auth_token varchar NOT NULL, account_sid
  varchar NOT NULL, account_id int4 NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL,
  medium int4, messaging_service_sid varchar, api_key_sid varchar, content_templates jsonb,
  content_templates_last_updated timestamp(6), voice_enabled bool NOT NULL, twiml_app_sid varchar, api_key_secret
  varchar, provider_config jsonb, UNIQUE (account_sid, phone_number), UNIQUE (messaging_service_sid), UNIQUE
  (phone_number));
CREATE TABLE channel_twitter_profiles (id int8 PRIMARY KEY, profile_id varchar NOT NULL, twitter_access_token varchar
  NOT NULL, twitter_access_token_secret varchar NOT NULL, account_id int4 NOT NULL, created_at timestamp(6) NOT NULL,
  updated_at timestamp(6) NOT NULL, tweets_enabled bool, UNIQUE (account_id, profile_id));
CREATE TABLE channel_web_widgets (id int4 PRIMARY KEY, website_url varchar, account_id int4, created_at timestamp NOT
  NULL, updated_at timestamp NOT NULL, website_token varchar, widget_color varchar, welcome_title varchar,
  welcome_tagline varchar, feature_flags int4 NOT NULL, reply_time int4, hmac_token varchar, pre_chat_form_enabled
  bool, pre_chat_form_options jsonb, hmac_mandatory bool, continuity_via_email bool NOT NULL, allowed_domains text,
  UNIQUE (hmac_token), UNIQUE (website_token));
CREATE TABLE channel_whatsapp (id int8 PRIMARY KEY, account_id int4 NOT NULL, phone_number varchar NOT NULL, provider
  varchar, provider_config jsonb, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL,
  message_templates jsonb, message_templates_last_updated timestamp, UNIQUE (phone_number));
CREATE TABLE companies (id int8 PRIMARY KEY, name varchar NOT NULL, domain varchar, description text, account_id int8
  NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, contacts_count int4,
  additional_attributes jsonb, custom_attributes jsonb, last_activity_at timestamp);
CREATE TABLE contact_inboxes (id int8 PRIMARY KEY, contact_id int8, inbox_id int8, source_id text NOT NULL, created_at
  timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, hmac_verified bool, pubsub_token varchar, UNIQUE (inbox_id,
  source_id), UNIQUE (pubsub_token));
CREATE TABLE contacts (id int4 PRIMARY KEY, name varchar, email varchar, phone_number varchar, account_id int4 NOT
  NULL, created_at timestamp NOT NULL, updated_at timestamp NOT NULL, additional_attributes jsonb, identifier varchar,
  custom_attributes jsonb, last_activity_at timestamp, contact_type int4, middle_name varchar, last_name varchar,
  location varchar, country_code varchar, blocked bool NOT NULL, company_id int8, UNIQUE (email, account_id), UNIQUE
  (identifier, account_id));
CREATE TABLE conversation_participants (id int8 PRIMARY KEY, account_id int8 NOT NULL, user_id int8 NOT NULL,
  conversation_id int8 NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, UNIQUE (user_id,
  conversation_id));
CREATE TABLE conversations (id int4 PRIMARY KEY, account_id int4 NOT NULL, inbox_id int4 NOT NULL, status int4 NOT
  NULL, assignee_id int4, created_at timestamp NOT NULL, updated_at timestamp NOT NULL, contact_id int8, display_id
  int4 NOT NULL, contact_last_seen_at timestamp, agent_last_seen_at timestamp, additional_attributes jsonb,
  contact_inbox_id int8, uuid uuid NOT NULL, identifier varchar, last_activity_at timestamp NOT NULL, team_id int8,
  campaign_id int8, snoozed_until timestamp, custom_attributes jsonb, assignee_last_seen_at timestamp,
  first_reply_created_at timestamp, priority int4, sla_policy_id int8, waiting_since timestamp(6), cached_label_list
  text, assignee_agent_bot_id int8, UNIQUE (account_id, display_id), UNIQUE (uuid));
CREATE TABLE copilot_messages (id int8 PRIMARY KEY, copilot_thread_id int8 NOT NULL, account_id int8 NOT NULL, message
  jsonb NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, message_type int4);
CREATE TABLE copilot_threads (id int8 PRIMARY KEY, title varchar NOT NULL, user_id int8 NOT NULL, account_id int8 NOT
  NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, assistant_id int4);
CREATE TABLE csat_survey_responses (id int8 PRIMARY KEY, account_id int8 NOT NULL, conversation_id int8 NOT NULL,
  message_id int8 NOT NULL, rating int4 NOT NULL, feedback_message text, contact_id int8 NOT NULL, assigned_agent_id
  int8, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, csat_review_notes text,
  review_notes_updated_at timestamp(6), review_notes_updated_by_id int8, UNIQUE (message_id));
CREATE TABLE custom_attribute_definitions (id int8 PRIMARY KEY, attribute_display_name varchar, attribute_key varchar,
  attribute_display_type int4, default_value int4, attribute_model int4, account_id int8, created_at timestamp(6) NOT
  NULL, updated_at timestamp(6) NOT NULL, attribute_description text, attribute_values jsonb, regex_pattern varchar,
  regex_cue varchar, UNIQUE (attribute_key, attribute_model, account_id));
CREATE TABLE custom_filters (id int8 PRIMARY KEY, name varchar NOT NULL, filter_type int4 NOT NULL, query jsonb NOT
  NULL, account_id int8 NOT NULL, user_id int8 NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT
  NULL);
CREATE TABLE custom_roles (id int8 PRIMARY KEY, name varchar, description varchar, account_id int8 NOT NULL,
  permissions text[], created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE TABLE dashboard_apps (id int8 PRIMARY KEY, title varchar NOT NULL, content jsonb, account_id int8 NOT NULL,
  user_id int8, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE TABLE data_import_errors (id int8 PRIMARY KEY, data_import_id int8 NOT NULL, data_import_item_id int8,
  source_object_type varchar, source_object_id varchar, error_code varchar NOT NULL, message text, details jsonb NOT
  NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE TABLE data_import_items (id int8 PRIMARY KEY, data_import_id int8 NOT NULL, source_provider varchar NOT NULL,
  source_object_type varchar NOT NULL, source_object_id varchar NOT NULL, status int4 NOT NULL, chatwoot_record_type
  varchar, chatwoot_record_id int8, attempt_count int4 NOT NULL, last_error_code varchar, last_error_message text,
  metadata jsonb NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, UNIQUE (data_import_id,
  source_object_type, source_object_id));
CREATE TABLE data_import_mappings (id int8 PRIMARY KEY, account_id int4 NOT NULL, data_import_id int8 NOT NULL,
  source_provider varchar NOT NULL, source_object_type varchar NOT NULL, source_object_id varchar NOT NULL,
  chatwoot_record_type varchar NOT NULL, chatwoot_record_id int8 NOT NULL, metadata jsonb NOT NULL, created_at
  timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, UNIQUE (account_id, source_provider, source_object_type,
  source_object_id));
CREATE TABLE data_imports (id int8 PRIMARY KEY, account_id int8 NOT NULL, data_type varchar NOT NULL, status int4 NOT
  NULL, processing_errors text, total_records int4, processed_records int4, created_at timestamp(6) NOT NULL,
  updated_at timestamp(6) NOT NULL, name varchar, source_type varchar, source_provider varchar, import_types jsonb NOT
  NULL, initiated_by_id int4, access_token text, source_metadata jsonb NOT NULL, stats jsonb NOT NULL, cursor jsonb
  NOT NULL, started_at timestamp(6), completed_at timestamp(6), abandoned_at timestamp(6), last_error_at
  timestamp(6));
CREATE TABLE email_templates (id int8 PRIMARY KEY, name varchar NOT NULL, body text NOT NULL, account_id int4,
  template_type int4, locale int4 NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL,
  inbox_id int4);
CREATE TABLE folders (id int8 PRIMARY KEY, account_id int4 NOT NULL, category_id int4 NOT NULL, name varchar,
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE TABLE inbox_assignment_policies (id int8 PRIMARY KEY, inbox_id int8 NOT NULL, assignment_policy_id int8 NOT
  NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, UNIQUE (inbox_id));
CREATE TABLE inbox_capacity_limits (id int8 PRIMARY KEY, agent_capacity_policy_id int8 NOT NULL, inbox_id int8 NOT
  NULL, conversation_limit int4 NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, UNIQUE
  (agent_capacity_policy_id, inbox_id));
CREATE TABLE inbox_members (id int4 PRIMARY KEY, user_id int4 NOT NULL, inbox_id int4 NOT NULL, created_at timestamp
  NOT NULL, updated_at timestamp NOT NULL, UNIQUE (inbox_id, user_id));
CREATE TABLE inboxes (id int4 PRIMARY KEY, channel_id int4 NOT NULL, account_id int4 NOT NULL, name varchar NOT NULL,
  created_at timestamp NOT NULL, updated_at timestamp NOT NULL, channel_type varchar, enable_auto_assignment bool,
  greeting_enabled bool, greeting_message varchar, email_address varchar, working_hours_enabled bool,
  out_of_office_message varchar, timezone varchar, enable_email_collect bool, csat_survey_enabled bool,
  allow_messages_after_resolved bool, auto_assignment_config jsonb, lock_to_single_conversation bool NOT NULL,
  portal_id int8, sender_name_type int4 NOT NULL, business_name varchar, csat_config jsonb NOT NULL);
CREATE TABLE installation_configs (id int8 PRIMARY KEY, name varchar NOT NULL, serialized_value jsonb NOT NULL,
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, locked bool NOT NULL, UNIQUE (name), UNIQUE
  (name, created_at));
CREATE TABLE integrations_hooks (id int8 PRIMARY KEY, status int4, inbox_id int4, account_id int4, app_id varchar,
  hook_type int4, reference_id varchar, access_token varchar, created_at timestamp(6) NOT NULL, updated_at
  timestamp(6) NOT NULL, settings jsonb);
CREATE TABLE labels (id int8 PRIMARY KEY, title varchar, description text, color varchar NOT NULL, show_on_sidebar
  bool, account_id int8, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, UNIQUE (title,
  account_id));
CREATE TABLE leaves (id int8 PRIMARY KEY, account_id int8 NOT NULL, user_id int8 NOT NULL, start_date date NOT NULL,
  end_date date NOT NULL, leave_type int4 NOT NULL, status int4 NOT NULL, reason text, approved_by_id int8,
  approved_at timestamp(6), created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE TABLE macros (id int8 PRIMARY KEY, account_id int8 NOT NULL, name varchar NOT NULL, visibility int4,
  created_by_id int8, updated_by_id int8, actions jsonb NOT NULL, created_at timestamp(6) NOT NULL, updated_at
  timestamp(6) NOT NULL);
CREATE TABLE mentions (id int8 PRIMARY KEY, user_id int8 NOT NULL, conversation_id int8 NOT NULL, account_id int8 NOT
  NULL, mentioned_at timestamp NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, UNIQUE
  (user_id, conversation_id));
CREATE TABLE messages (id int4 PRIMARY KEY, content text, account_id int4 NOT NULL, inbox_id int4 NOT NULL,
  conversation_id int4 NOT NULL, message_type int4 NOT NULL, created_at timestamp NOT NULL, updated_at timestamp NOT
  NULL, private bool NOT NULL, status int4, source_id text, content_type int4 NOT NULL, content_attributes json,
  sender_type varchar, sender_id int8, external_source_ids jsonb, additional_attributes jsonb,
  processed_message_content text, sentiment jsonb);
CREATE TABLE notes (id int8 PRIMARY KEY, content text NOT NULL, account_id int8 NOT NULL, contact_id int8 NOT NULL,
  user_id int8, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE TABLE notification_settings (id int8 PRIMARY KEY, account_id int4, user_id int4, email_flags int4 NOT NULL,
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, push_flags int4 NOT NULL, UNIQUE (account_id,
  user_id));
CREATE TABLE notification_subscriptions (id int8 PRIMARY KEY, user_id int8 NOT NULL, subscription_type int4 NOT NULL,
  subscription_attributes jsonb NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL,
  identifier text, UNIQUE (identifier));
CREATE TABLE notifications (id int8 PRIMARY KEY, account_id int8 NOT NULL, user_id int8 NOT NULL, notification_type
  int4 NOT NULL, primary_actor_type varchar NOT NULL, primary_actor_id int8 NOT NULL, secondary_actor_type varchar,
  secondary_actor_id int8, read_at timestamp, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL,
  snoozed_until timestamp(6), last_activity_at timestamp(6), meta jsonb);
CREATE TABLE platform_app_permissibles (id int8 PRIMARY KEY, platform_app_id int8 NOT NULL, permissible_type varchar
  NOT NULL, permissible_id int8 NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, UNIQUE
  (platform_app_id, permissible_id, permissible_type));
CREATE TABLE platform_apps (id int8 PRIMARY KEY, name varchar NOT NULL, created_at timestamp(6) NOT NULL, updated_at
  timestamp(6) NOT NULL);
CREATE TABLE platform_banners (id int8 PRIMARY KEY, banner_message text NOT NULL, banner_type int4 NOT NULL, active
  bool NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE TABLE portals (id int8 PRIMARY KEY, account_id int4 NOT NULL, name varchar NOT NULL, slug varchar NOT NULL,
  custom_domain varchar, color varchar, homepage_link varchar, page_title varchar, header_text text, created_at
  timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, config jsonb, archived bool, channel_web_widget_id int8,
  ssl_settings jsonb NOT NULL, UNIQUE (custom_domain), UNIQUE (slug));
CREATE TABLE portals_members (portal_id int8 NOT NULL, user_id int8 NOT NULL, UNIQUE (portal_id, user_id));
CREATE TABLE related_categories (id int8 PRIMARY KEY, category_id int8, related_category_id int8, created_at
  timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, UNIQUE (category_id, related_category_id), UNIQUE
  (related_category_id, category_id));
CREATE TABLE reporting_events (id int8 PRIMARY KEY, name varchar, value float8, account_id int4, inbox_id int4,
  user_id int4, conversation_id int4, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL,
  value_in_business_hours float8, event_start_time timestamp, event_end_time timestamp);
CREATE TABLE reporting_events_rollups (id int8 PRIMARY KEY, account_id int4 NOT NULL, date date NOT NULL,
  dimension_type varchar NOT NULL, dimension_id int8 NOT NULL, metric varchar NOT NULL, count int8 NOT NULL, sum_value
  float8 NOT NULL, sum_value_business_hours float8 NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6)
  NOT NULL, UNIQUE (account_id, date, dimension_type, dimension_id, metric));
CREATE TABLE schema_migrations (version varchar PRIMARY KEY);
CREATE TABLE sla_events (id int8 PRIMARY KEY, applied_sla_id int8 NOT NULL, conversation_id int8 NOT NULL, account_id
  int8 NOT NULL, sla_policy_id int8 NOT NULL, inbox_id int8 NOT NULL, event_type int4, meta jsonb, created_at
  timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE TABLE sla_policies (id int8 PRIMARY KEY, name varchar NOT NULL, first_response_time_threshold float8,
  next_response_time_threshold float8, only_during_business_hours bool, account_id int8 NOT NULL, created_at
  timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, description varchar, resolution_time_threshold float8);
CREATE TABLE taggings (id int4 PRIMARY KEY, tag_id int4, taggable_type varchar, taggable_id int4, tagger_type varchar,
  tagger_id int4, context varchar(128), created_at timestamp, UNIQUE (tag_id, taggable_id, taggable_type, context,
  tagger_id, tagger_type));
CREATE TABLE tags (id int4 PRIMARY KEY, name varchar, taggings_count int4, UNIQUE (name));
CREATE TABLE team_members (id int8 PRIMARY KEY, team_id int8 NOT NULL, user_id int8 NOT NULL, created_at timestamp(6)
  NOT NULL, updated_at timestamp(6) NOT NULL, UNIQUE (team_id, user_id));
CREATE TABLE teams (id int8 PRIMARY KEY, name varchar NOT NULL, description text, allow_auto_assign bool, account_id
  int8 NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, icon varchar, icon_color varchar,
  UNIQUE (name, account_id));
CREATE TABLE user_sessions (id int8 PRIMARY KEY, user_id int8 NOT NULL, client_id varchar NOT NULL, ip_address
  varchar, user_agent varchar, browser_name varchar, browser_version varchar, device_name varchar, platform_name
  varchar, platform_version varchar, city varchar, country varchar, country_code varchar, last_activity_at
  timestamp(6), created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, UNIQUE (user_id, client_id));
CREATE TABLE users (id int4 PRIMARY KEY, provider varchar NOT NULL, uid varchar NOT NULL, encrypted_password varchar
  NOT NULL, reset_password_token varchar, reset_password_sent_at timestamp, remember_created_at timestamp,
  sign_in_count int4 NOT NULL, current_sign_in_at timestamp, last_sign_in_at timestamp, current_sign_in_ip varchar,
  last_sign_in_ip varchar, confirmation_token varchar, confirmed_at timestamp, confirmation_sent_at timestamp,
  unconfirmed_email varchar, name varchar NOT NULL, display_name varchar, email varchar, tokens json, created_at
  timestamp NOT NULL, updated_at timestamp NOT NULL, pubsub_token varchar, availability int4, ui_settings jsonb,
  custom_attributes jsonb, type varchar, message_signature text, otp_secret varchar, consumed_timestep int4,
  otp_required_for_login bool, otp_backup_codes text, UNIQUE (otp_secret), UNIQUE (pubsub_token), UNIQUE
  (reset_password_token), UNIQUE (uid, provider));
CREATE TABLE webhooks (id int8 PRIMARY KEY, account_id int4, inbox_id int4, url text, created_at timestamp(6) NOT
  NULL, updated_at timestamp(6) NOT NULL, webhook_type int4, subscriptions jsonb, name varchar, secret varchar, UNIQUE
  (account_id, url));
CREATE TABLE working_hours (id int8 PRIMARY KEY, inbox_id int8, account_id int8, day_of_week int4 NOT NULL,
  closed_all_day bool, open_hour int4, open_minutes int4, close_hour int4, close_minutes int4, created_at timestamp(6)
  NOT NULL, updated_at timestamp(6) NOT NULL, open_all_day bool);
ALTER TABLE active_storage_attachments ADD FOREIGN KEY (blob_id) REFERENCES active_storage_blobs;
ALTER TABLE active_storage_variant_records ADD FOREIGN KEY (blob_id) REFERENCES active_storage_blobs;
ALTER TABLE inboxes ADD FOREIGN KEY (portal_id) REFERENCES portals;
ALTER TABLE user_sessions ADD FOREIGN KEY (user_id) REFERENCES users;
