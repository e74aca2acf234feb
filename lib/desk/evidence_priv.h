/* Between the files of evidence. */
#ifndef AFT_EVIDENCE_PRIV_H
#define AFT_EVIDENCE_PRIV_H

#include "desk/desk_priv.h"

#include <aftersales/evidence.h>

/* ---- evidence_record.c ---- */

/* What a case may have, and how long it stays. */
typedef struct aft__evidence_limits {
  int64_t pieces;      /* of one case */
  int64_t piece_bytes; /* of one piece */
  int64_t case_bytes;  /* of all pieces of a case */
  int64_t keep;        /* bytes stay that long after the end of their case, in milliseconds */
} aft__evidence_limits;
aft__evidence_limits aft__evidence_limits_of(const aft_policy *policy);

/* A case while evidence of it changes. */
typedef struct aft__evidence_case {
  aft__cmd *cmd;
  aft__value *row;
  uint64_t mask;
  aft__chain chain;
} aft__evidence_case;

aft_status aft__evidence_case_load(aft__cmd *cmd, aft_id id, aft__evidence_case *out, aft_error *error);
/* Appends to the case's audit chain. */
aft_status aft__evidence_case_note(aft__evidence_case *of, const char *verb, aft_str facts, aft_str personal,
                                   aft_error *error);
void aft__evidence_case_count(aft__evidence_case *of, uint32_t column, int64_t by);
aft_status aft__evidence_case_save(aft__evidence_case *of, aft_error *error);

/* The shop's people, and buyers whose case or order it is. */
aft_status aft__evidence_may(aft__cmd *cmd, const aft__value *of, aft_error *error);

/* How much room a case has. AFT_E_TOO_LARGE where bytes more, in one more piece, are too much. */
aft_status aft__evidence_room(aft__cmd *cmd, aft_id of, int64_t bytes, int64_t *room, aft_error *error);
aft_status aft__evidence_is_open(const aft__value *of, aft_error *error);

typedef struct aft__evidence_new {
  const aft_evidence_in *in;
  const char *digest, *type;
  int64_t bytes;
} aft__evidence_new;
/* Inserts the record, with audit, counters and the signal of a content that another case has. */
aft_status aft__evidence_insert(aft__cmd *cmd, const aft__evidence_new *made, aft_error *error);

/* ---- evidence_remove.c ---- */

/* Removes the bytes of evidence of ended cases that is older than the policy keeps it, at most most pieces.
 */
aft_status aft__evidence_retain(aft_session *session, aft_id tenant, uint32_t most, uint32_t *n,
                                aft_error *error);

#endif
