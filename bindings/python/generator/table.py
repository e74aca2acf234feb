"""What the library's functions are called in Python. One line makes a function of the C interface a method; its
arguments, their types and its text follow from the headers.

A function with an aft_call becomes a method of Desk, one without a method of Session. Fields of a struct that the
header calls required come first, the others are keywords. What fits no pattern is written by hand in aftersales/."""
from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    function: str
    name: str  # in Python
    gives: str = ""  # the record's class; of a cursor, of each record; "" for none, text and policies
    reads: bool = False  # changes nothing: takes no key
    json: bool = False  # its text is JSON, given as plain Python objects
    first: tuple[str, ...] = ()  # optional arguments that may be given by position, after the required ones
    defaults: dict[str, str] = {}  # of scalars


COMMANDS = [
    Command("aft_tenant_put", "put_tenant", "Tenant"),
    Command("aft_shop_put", "put_shop", "Shop"),
    Command("aft_agent_put", "put_agent", "Agent"),
    Command("aft_customer_put", "put_customer", "Customer"),
    Command("aft_customer_get", "customer", "Customer", reads=True),
    Command("aft_customer_list", "customers", "Customer", reads=True),
    Command("aft_order_put", "put_order", "Order"),
    Command("aft_order_list", "orders", "Order", reads=True),
    Command("aft_order_tell", "tell_order", "Order"),
    Command("aft_order_get", "order", "Order", reads=True),
    Command("aft_line_list", "lines", "Line", reads=True),
    Command("aft_payment_list", "payments", "Payment", reads=True),
    Command("aft_parcel_list", "parcels", "Parcel", reads=True),
    Command("aft_payment_reverse", "reverse_payment", "Payment"),
    Command("aft_evidence_list", "evidence", "Evidence", reads=True),
    Command("aft_evidence_remove", "remove_evidence", "Evidence"),
    Command("aft_evidence_hold", "hold_evidence", "Evidence", defaults={"held": "1"}),
    Command("aft_link_revoke", "revoke_link", "Link"),
    Command("aft_case_file", "open_case", "Case"),
    Command("aft_case_act", "act_on_case", "Case", first=("event",)),
    Command("aft_case_get", "case", "Case", reads=True),
    Command("aft_case_find", "find_case", "Case", reads=True),
    Command("aft_case_list", "cases", "Case", reads=True),
    Command("aft_case_mirror", "mirror_case", "Case"),
    Command("aft_leg_settle", "settle_leg", "Leg"),
    Command("aft_parcel_track", "track", "Parcel"),
    Command("aft_invoice_told", "tell_invoice", "Invoice"),
    Command("aft_appointment_put", "put_appointment", "Appointment"),
    Command("aft_finding_dispose", "dispose_finding", "Finding"),
    Command("aft_case_hold", "hold_case", defaults={"reason": '""'}),
    Command("aft_case_explain", "explain_case", reads=True, defaults={"about": "None", "locale": '"en"'}),
    Command("aft_case_preview", "preview_case", json=True, reads=True, defaults={"locale": '"en"'}),
    Command("aft_case_offers", "case_offers", json=True, reads=True, defaults={"locale": '"en"'}),
    Command("aft_case_options", "case_options", json=True, reads=True, defaults={"locale": '"en"'}),
    Command("aft_order_options", "order_options", json=True, reads=True, defaults={"locale": '"en"'}),
    Command("aft_case_verify", "verify_case", reads=True),
    Command("aft_case_timeline", "timeline", json=True, reads=True, defaults={"locale": '"en"'}),
    Command("aft_policy_activate", "activate_policy", "Activation"),
    Command("aft_policy_current", "current_policy", reads=True),
    Command("aft_person_erase", "erase_person", "Erasure", first=("reason",)),
    Command("aft_erasure_list", "erasures", "Erasure", reads=True, defaults={"customer": "0"}),
    Command("aft_refusal_list", "refusals", "Refusal", reads=True),
    Command("aft_intake", "intake", "Message"),
    Command("aft_message_revise", "revise", "Message"),
    Command("aft_message_redact", "redact_message", "Message", first=("words",)),
    Command("aft_message_list", "messages", "Message", reads=True),
    Command("aft_part_list", "parts", "Part", reads=True),
    Command("aft_revision_list", "revisions", "Revision", reads=True),
    Command("aft_ticket_answer", "answer", "Message", first=("text",)),
    Command("aft_ticket_act", "act", "Ticket"),
    Command("aft_presence_set", "set_presence", "Agent"),
    Command("aft_shift_put", "put_shift", "Shift"),
    Command("aft_shift_remove", "remove_shift"),
    Command("aft_shift_list", "shifts", "Shift", reads=True),
    Command("aft_contact_put", "put_contact", "Contact"),
    Command("aft_contact_get", "contact", "Contact", reads=True),
    Command("aft_notice_tell", "tell_notice", "Notice"),
    Command("aft_notice_get", "notice", "Notice", reads=True),
    Command("aft_notice_list", "notices", "Notice", reads=True),
    Command("aft_notice_explain", "explain_notice", reads=True, defaults={"locale": '"en"'}),
    Command("aft_ticket_get", "ticket", "Ticket", reads=True),
    Command("aft_ticket_find", "find", "Ticket", reads=True),
    Command("aft_ticket_inbox", "inbox", "Ticket", reads=True),
    Command("aft_ticket_list", "tickets", "Ticket", reads=True),
    Command("aft_ticket_history", "history", "Event", reads=True),
    Command("aft_ticket_invite", "invite"),
    Command("aft_mention_list", "mentions", "Mention", reads=True),
    Command("aft_mention_see", "see_mention"),
    Command("aft_ticket_follow", "follow", defaults={"agent": "0"}),
    Command("aft_ticket_unfollow", "unfollow", defaults={"agent": "0"}),
    Command("aft_follower_list", "followers", "Watcher", reads=True),
    Command("aft_ticket_look", "look", "Watcher"),
    Command("aft_ticket_split", "split", "Ticket"),
    Command("aft_ticket_attach", "attach"),
    Command("aft_flood_attach", "attach_flood"),
    Command("aft_ticket_detach", "detach"),
    Command("aft_incident_answer", "answer_all", "Message", first=("text",)),
    Command("aft_child_list", "children", "Child", reads=True),
    Command("aft_explain", "explain", reads=True, defaults={"about": "None", "locale": '"en"'}),
    Command("aft_survey_list", "surveys", "Survey", reads=True),
    Command("aft_survey_get", "survey", "Survey", reads=True),
    Command("aft_case_survey_list", "case_surveys", "Survey", reads=True),
    Command("aft_reply_list", "replies", "Reply", reads=True),
    Command("aft_survey_report", "survey_report", json=True, reads=True),
    Command("aft_macro_apply", "apply_macro", "Ticket"),
    Command("aft_macro_list", "macros", json=True, reads=True, defaults={"locale": '"en"'}),
    Command("aft_automation_preview", "preview_rules", json=True, reads=True, defaults={"policy": "None", "locale": '"en"'}),
    Command("aft_task_add", "add_task", "Task"),
    Command("aft_callback_ask", "ask_call_back", "Task"),
    Command("aft_task_assign", "assign_task", "Task", defaults={"agent": "0"}),
    Command("aft_attempt_note", "note_attempt", "Attempt"),
    Command("aft_task_end", "end_task", "Task"),
    Command("aft_task_cancel", "cancel_task", "Task", defaults={"reason": "None"}),
    Command("aft_task_get", "task", "Task", reads=True),
    Command("aft_task_find", "find_task", "Task", reads=True),
    Command("aft_task_list", "tasks", "Task", reads=True),
    Command("aft_attempt_list", "attempts", "Attempt", reads=True),
    Command("aft_task_brief", "brief", reads=True, defaults={"locale": "None"}),
    Command("aft_ticket_search", "search", "Ticket", reads=True),
    Command("aft_message_search", "search_messages", "Message", reads=True),
    Command("aft_attribute_set", "set_attribute", first=("text",)),
    Command("aft_attribute_list", "attributes", "Attribute", reads=True),
    Command("aft_tag_add", "add_tag"),
    Command("aft_tag_remove", "remove_tag"),
    Command("aft_tag_list", "tags", "Tag", reads=True),
    Command("aft_correction_put", "label", "Correction"),
    Command("aft_correction_list", "corrections", "Correction", reads=True),
    Command("aft_model_deactivate", "deactivate_model"),
    Command("aft_deployment_list", "deployments", "Deployment", reads=True),
    Command("aft_review_list", "to_review", "Ticket", reads=True),
    Command("aft_ticket_similar", "similar", "Ticket", reads=True),
    Command("aft_drift_report", "drift", reads=True),
    Command("aft_outbox_list", "outbox", "Effect", reads=True),
    Command("aft_feed_read", "feed", "Event", reads=True, defaults={"after": "0"}),
    Command("aft_outbox_claim", "claim", "Effect"),
    Command("aft_outbox_settle", "settle", defaults={"note": "None"}),
]

# Structs that stand inside others, in arrays: each becomes a class of aftersales.inputs.
INPUTS = {
    "aft_case_line_in": "CaseLineIn",
    "aft_field_in": "FieldIn",
    "aft_message_in": "MessageIn",
    "aft_order_item_in": "OrderItemIn",
    "aft_order_line_in": "OrderLineIn",
    "aft_order_parcel_in": "OrderParcelIn",
    "aft_order_payment_in": "OrderPaymentIn",
    "aft_order_share_in": "OrderShareIn",
    "aft_part_in": "PartIn",
    "aft_redact_span_in": "RedactSpanIn",
    "aft_rate_in": "RateIn",
    "aft_share_in": "ShareIn",
    "aft_span_in": "SpanIn",
    "aft_work_in": "WorkIn",
    "aft_worker_in": "WorkerIn",
}

# Statuses whose names would not say by themselves that something failed, or are taken.
ERROR_NAMES = {
    "AFT_E_ABI": "AbiMismatch",
    "AFT_E_CALLBACK": "CallbackFailed",
    "AFT_E_CHECK": "CheckFailed",
    "AFT_E_CURRENCY": "WrongCurrency",
    "AFT_E_DEADLINE": "DeadlinePassed",
    "AFT_E_DRIVER": "DriverFault",
    "AFT_E_ENCODING": "WrongEncoding",
    "AFT_E_FORM": "FormFault",
    "AFT_E_INTERNAL": "InternalFault",
    "AFT_E_IO": "FileFault",
    "AFT_E_KIND": "WrongKind",
    "AFT_E_LOST": "ConnectionLost",
    "AFT_E_MODEL": "ModelFault",
    "AFT_E_NOMEM": "OutOfMemory",
    "AFT_E_POLICY": "PolicyFault",
    "AFT_E_STORE": "StoreFault",
    "AFT_E_UNKNOWN": "OutcomeUnknown",
    "AFT_E_ZONE": "WrongZone",
}

# Functions that hand-written modules call. Whatever the headers declare must stand here or above, so that a new
# function is noticed by the tests.
BY_HAND = """
aft_blob_copy aft_blob_directory_open aft_blobs_unref aft_case_parts aft_evidence_abort aft_evidence_begin
aft_evidence_commit aft_evidence_read aft_evidence_sweep aft_evidence_write aft_link_keys_new aft_link_keys_unref
aft_link_make aft_link_open aft_person_export aft_survey_answer aft_survey_form aft_correction_train aft_model_activate aft_model_current
aft_batch_count aft_batch_free aft_batch_message aft_batch_status aft_batch_ticket aft_buf_data aft_buf_free
aft_buf_size aft_code_parse aft_currency_exponent aft_cursor_free aft_cursor_next aft_cursor_token aft_env_new
aft_env_now aft_env_unref aft_eval_add aft_eval_free aft_eval_new aft_eval_report aft_flow_export aft_id_time
aft_incident_get aft_intake_batch aft_model_about aft_model_compare aft_model_explain aft_model_image aft_model_label aft_model_open
aft_model_open_image aft_model_predict aft_model_save aft_model_scores aft_model_threshold aft_model_train
aft_model_unref aft_money_add aft_money_format aft_money_split
aft_policy_default aft_policy_hash aft_policy_image aft_policy_load aft_policy_map_image aft_policy_open_image
aft_policy_ref aft_policy_text aft_policy_unref aft_query_close aft_query_column aft_query_columns aft_query_interrupt
aft_query_next aft_record_free aft_record_json aft_session_close aft_session_interrupt aft_session_open
aft_status_is_transient aft_status_name aft_store_backup aft_store_health aft_store_open aft_store_query aft_store_unref aft_text_columns
aft_text_language aft_text_normalise aft_text_redact aft_tick aft_task_claim aft_ticket_claim aft_ticket_position aft_triage_explain aft_triage_free aft_triage_json
aft_triage_number aft_triage_run aft_triage_stated_count aft_triage_stated_number aft_triage_stated_text aft_triage_suggestion
aft_triage_text aft_version
aft_demand_count aft_demand_draw aft_demand_free aft_demand_record aft_simulate aft_simulated_free aft_simulated_json
""".split()

# Not in Python: references are the collector's, records are plain objects there, the class says the kind and its
# fields, datetime has zones and ISO 8601, evidence is added as it streams, the figures of a played day are plain
# objects, and a connection of the host's cannot be taken out of its module.
NOT_THERE = """
aft_blobs_open aft_blobs_ref aft_evidence_add aft_link_keys_ref aft_env_ref aft_model_ref aft_store_ref aft_record_int aft_record_is_null aft_record_kind aft_record_size
aft_record_status aft_record_text aft_record_time aft_field_name aft_field_type aft_kind_field aft_status_text
aft_simulated_number aft_time_iso aft_time_parse aft_zone_offset aft_zone_open aft_zone_unref aft_session_attach aft_sql_sqlite
""".split()
