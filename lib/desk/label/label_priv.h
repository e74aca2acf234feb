/* Between the files about attributes and tags: the records they hang on. */
#ifndef AFT_DESK_LABELS_H
#define AFT_DESK_LABELS_H

#include "desk/desk_priv.h"

/* ---- subject.c ---- */

aft_status aft__label_kind_of(uint32_t kind, const char *where, aft__label_kind *out, aft_error *error);
uint32_t aft__label_record_kind(aft__label_kind kind);

typedef struct aft__subject {
  aft__cmd *cmd;
  aft__label_kind kind;
  aft_id id, customer; /* customer: whose it is */
  aft__ticket ticket;  /* where it is one */
} aft__subject;

/* Free with aft__subject_done, also after a failure. Two changes at once meet in the audit chain. */
aft_status aft__subject_load(aft__cmd *cmd, aft__label_kind kind, aft_id id, aft__subject *out,
                             aft_error *error);
void aft__subject_done(aft__subject *subject);

typedef struct aft__label_change {
  const char *verb;  /* "tag.added" */
  const char *key;   /* "tag" */
  aft_str name;      /* of tag or attribute */
  aft_str personal;  /* the value, kept as a digest */
  aft__fact_id fact; /* of a ticket: what conditions may test */
} aft__label_change;

/* Of a ticket that the caller saves. */
aft_status aft__ticket_labelled(aft__ticket *ticket, const aft__label_change *change, aft_error *error);
/* Appends the audit event, and judges a ticket anew. */
aft_status aft__subject_changed(aft__subject *subject, const aft__label_change *change, aft_error *error);

/* Rows of a table that belong to one record, few enough to be read at once. */
typedef struct aft__subject_rows {
  const char *verb, *name, *where;
  uint32_t kind; /* of the rows */
  const aft__table *table;
  uint32_t index; /* tenant, subject, name */
  uint32_t most;
} aft__subject_rows;

aft_status aft__subject_list(aft_session *session, const aft_call *call, const aft__subject_rows *rows,
                             uint32_t kind, aft_id subject, aft_cursor **out, aft_error *error);

/* ---- attribute.c, tag.c: for records as they are read ---- */

/* The attribute of a record; AFT_E_NOT_FOUND where it has no value. */
aft_status aft__attribute_of(aft__tx *tx, aft_id tenant, aft_id subject, aft_str name, aft__value **row,
                             aft_error *error);
aft_status aft__tag_of(aft__tx *tx, aft_id tenant, aft_id subject, aft_str tag, aft__value **row,
                       aft_error *error);
#define AFT__MOST_TAGS 64 /* of one record */
/* Changes the rows alone; *told says what the caller has to tell. AFT_IGNORED where nothing changes. */
aft_status aft__tag_change(aft__cmd *cmd, aft__label_kind kind, const aft_tag_in *in, bool adding,
                           aft__label_change *told, aft_error *error);
aft_status aft__attribute_change(aft__cmd *cmd, aft__label_kind kind, const aft_attribute_in *in,
                                 aft__label_change *told, aft_error *error);

#endif
