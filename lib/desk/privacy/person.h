/* Which records belong to a person. */
#ifndef AFT_PERSON_H
#define AFT_PERSON_H

#include "desk/desk_priv.h"

/* What erasure does with a record. */
typedef enum aft__erase_way {
  AFT__ERASE_BLANK,    /* it stays, without what its table calls personal */
  AFT__ERASE_REMOVE,   /* it goes whole */
  AFT__ERASE_EVENT,    /* its personal text and salt go: the chain still verifies */
  AFT__ERASE_EFFECT,   /* it is not sent any more, and its payload goes */
  AFT__ERASE_EVIDENCE, /* its bytes go */
  AFT__ERASE_PART,     /* the host is told to remove its bytes */
  AFT__ERASE_LINK,     /* it is taken back */
  AFT__ERASE_SURVEY,   /* one that is to come is cancelled */
  AFT__ERASE_NOTICE,   /* one that is held is not sent */
  AFT__ERASE_TICKET,   /* it is no longer labelled or compared with others */
  AFT__ERASE_LAST,     /* it goes when all else is gone */
  AFT__ERASE_WAYS
} aft__erase_way;

/* Rows of a kind by an index that begins with the tenant and the parent's key. */
typedef struct aft__person_branch {
  uint32_t parent, child, index;
  uint32_t key; /* of the child: the column by which its own children name it */
  aft__erase_way way;
} aft__person_branch;

extern const aft__person_branch aft__person_branches[];
extern const size_t aft__person_branch_count;

/* Whether records of a kind have others below them. */
bool aft__person_owns(uint32_t kind);
/* Whether a row of a branch is about the person at all. */
bool aft__person_is_theirs(const aft__person_branch *branch, aft_id customer, const aft__value *row);
/* The rows of a branch below a parent. */
aft__scan aft__person_rows(const aft__person_branch *branch, aft_id tenant, aft_id parent);

/* ---- person_keep.c: what law or open business still keeps ---- */

/* *why: NULL, or why this ticket, order or case, what a survey asks about, or what one of a participant
 * stands in, has to stay as it is with all that belongs to it: legal_hold, open_case or money_under_way.
 * Other kinds are never kept. */
aft_status aft__person_keeps(aft__cmd *cmd, const aft__person_branch *branch, const aft__value *row,
                             const char **why, aft_error *error);

/* ---- person_forget.c: one record ---- */

typedef enum aft__forgets {
  AFT__FORGETS,
  AFT__FORGETS_NOTHING, /* there was nothing personal left */
  AFT__FORGETS_LATER    /* something has to come to its outcome first */
} aft__forgets;
/* Takes what is personal out of a record. ticket: the one it lies below, or 0. */
aft_status aft__person_forget(aft__cmd *cmd, const aft__person_branch *branch, aft__value *row, aft_id ticket,
                              aft__forgets *out, aft_error *error);
/* The same for a part of a message, with its bytes, which the host is told to remove. *any: there was
 * something. */
aft_status aft__part_forget(aft__cmd *cmd, aft__value *row, aft_id ticket, bool *any, aft_error *error);
/* Blanks what a kind calls personal; *any: there was something. */
aft_status aft__personal_blank(aft__cmd *cmd, uint32_t kind, aft__value *row, uint64_t also, bool *any,
                               aft_error *error);

/* ---- ticket_past.c ---- */

/* The tickets in which messages of a ticket were before, without itself. */
aft_status aft__ticket_past(aft__cmd *cmd, const aft__value *ticket, aft__value ***rows, uint32_t *n,
                            aft_error *error);

/* ---- person_erase.c ---- */

aft_status aft__erasure_due(aft__cmd *cmd, const aft__value *due, aft_error *error);
/* Takes what is personal out of a ticket and all below it, whoever wrote it. *gone: there was something. */
aft_status aft__ticket_forget_words(aft__cmd *cmd, aft__value *row, bool *gone, aft_error *error);
/* Asks for the erasure of a customer in the name of the call, or gives the one that was asked for before. */
aft_status aft__erasure_ask(aft__cmd *cmd, aft__value *customer, aft_str reason, aft__value **row,
                            aft_error *error);

#endif
