/* Between the files of evidence. */
#ifndef AFT_EVIDENCE_PRIV_H
#define AFT_EVIDENCE_PRIV_H

#include "desk/case/case_priv.h"

#include <aftersales/evidence.h>

/* ---- evidence_record.c ---- */

void aft__evidence_count(aft__case *of, int64_t by);

/* How much room a case has. AFT_E_TOO_LARGE where bytes more, in one more piece, are too much. */
aft_status aft__evidence_room(aft__cmd *cmd, aft_id of, int64_t bytes, int64_t *room, aft_error *error);
/* Whether the policy takes files of a type. AFT_E_INVALID names those that it takes. */
aft_status aft__evidence_type_check(const aft__cmd *cmd, aft_str type, aft_error *error);
/* A buyer does not learn of another's case with the same bytes. */
aft_status aft__evidence_hide(aft__cmd *cmd, aft__value *row, aft_error *error);
aft_status aft__evidence_list_hide(aft__tx *tx, const aft__list *list, aft__value *row, aft_error *error);
aft_status aft__evidence_is_open(const aft__value *of, aft_error *error);

typedef struct aft__evidence_new {
  const aft_evidence_in *in;
  const char *digest, *type;
  int64_t bytes;
} aft__evidence_new;
/* Inserts the record, with audit, counters and the signal of a content that another case has. */
aft_status aft__evidence_insert(aft__cmd *cmd, const aft__evidence_new *made, aft_error *error);

/* ---- evidence_remove.c ---- */

/* Says of a piece that its bytes are gone, and has the tick remove them. */
aft_status aft__evidence_forget(aft__cmd *cmd, aft__value *row, aft_error *error);
aft_status aft__evidence_due(aft__cmd *cmd, const aft__value *due, aft_error *error);

/* Removes the bytes of evidence of ended cases that is older than the policy keeps it, at most most pieces.
 */
aft_status aft__evidence_retain(aft_session *session, aft_id tenant, uint32_t most, uint32_t *n,
                                aft_error *error);

#endif
