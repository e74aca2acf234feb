/* What a shop hangs on tickets, customers and orders beside the library's own fields: attributes and tags. */
#ifndef AFTERSALES_LABEL_H
#define AFTERSALES_LABEL_H

#include <aftersales/actor.h>
#include <aftersales/record.h>
#include <aftersales/records.h>
#include <aftersales/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A value for an attribute that the policy declares. */
typedef struct aft_attribute_in {
  size_t size;
  uint32_t kind;  /* AFT_KIND_TICKET, AFT_KIND_CUSTOMER or AFT_KIND_ORDER; required */
  uint32_t clear; /* 1: take the value away */
  aft_id subject; /* the record; required */
  aft_str name;   /* the attribute's name in the policy; required */
  aft_str text;   /* of a text, choice or date ("2026-11-23") */
  int64_t number; /* of a number, a flag (0 or 1) or a time */
} aft_attribute_in;

/*
 * Sets an attribute of a record, or takes its value away. A ticket's priority and
 * queue are decided anew where the policy's conditions ask for its attributes.
 *
 * Returns: AFT_OK; AFT_IGNORED when the record has this value already, or has none to clear.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_INVALID names an attribute that the policy lacks and a
 *   value that is not of its type. AFT_ROLE_SYSTEM, AFT_ROLE_ARBITER, or an agent who may see the record.
 * Since: 0.1
 */
AFT_API aft_status aft_attribute_set(aft_session *session, const aft_call *call, const aft_attribute_in *in,
                                     aft_error *error);

/*
 * Lists the attributes that a record has, by name. Not for buyers.
 *
 * kind, subject: the record, as in aft_attribute_in.
 * out: receives a cursor over AFT_KIND_ATTRIBUTE that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_attribute_list(aft_session *session, const aft_call *call, uint32_t kind,
                                      aft_id subject, aft_cursor **out, aft_error *error);

/* A tag on a record. */
typedef struct aft_tag_in {
  size_t size;
  uint32_t kind; /* AFT_KIND_TICKET, AFT_KIND_CUSTOMER or AFT_KIND_ORDER; required */
  uint32_t reserved0;
  aft_id subject; /* the record; required */
  aft_str tag;    /* compared without regard to case and width; up to 64 bytes; required */
} aft_tag_in;

/*
 * Adds a tag to a record: at most 64 each. A ticket's priority and queue are
 * decided anew where the policy's conditions ask for its tags.
 *
 * Returns: AFT_OK; AFT_IGNORED when the record has it already.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>; AFT_E_INVALID for a tag that the policy does not know, where it
 *   lists any. AFT_ROLE_SYSTEM, AFT_ROLE_ARBITER, or an agent who may see the record.
 * Since: 0.1
 */
AFT_API aft_status aft_tag_add(aft_session *session, const aft_call *call, const aft_tag_in *in,
                               aft_error *error);

/*
 * Takes a tag away from a record.
 *
 * Returns: AFT_OK; AFT_IGNORED when the record does not have it.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>. Who may: as for aft_tag_add.
 * Since: 0.1
 */
AFT_API aft_status aft_tag_remove(aft_session *session, const aft_call *call, const aft_tag_in *in,
                                  aft_error *error);

/*
 * Lists the tags that a record has, by name. Not for buyers.
 *
 * kind, subject: the record, as in aft_tag_in.
 * out: receives a cursor over AFT_KIND_TAG that the caller frees with aft_cursor_free.
 * Threads: the session's one.
 * Errors: those of <aftersales/desk.h>.
 * Since: 0.1
 */
AFT_API aft_status aft_tag_list(aft_session *session, const aft_call *call, uint32_t kind, aft_id subject,
                                aft_cursor **out, aft_error *error);

#ifdef __cplusplus
}
#endif

#endif
