/* Inside of notices: what a customer is to be told of, where it goes, and what became of it. */
#ifndef AFT_NOTICE_PRIV_H
#define AFT_NOTICE_PRIV_H

#include "desk/desk_priv.h"

#include <aftersales/notice.h>

/* ---- notify.c: the one way out ---- */

/* Something that happened and that a customer is to learn of. */
typedef struct aft__telling {
  const char *event;         /* "ticket.resolved": of the policy's table */
  const char *locale;        /* of the matter; a customer's own wish comes first */
  aft__value *customer;      /* row */
  aft__value *ticket;        /* row of that on whose channel the matter is; NULL: it is on none */
  aft__value *about, *order; /* rows of the case and its order; NULL for a ticket */
  aft_id survey;             /* 0: none */
  int64_t occurrence[2];     /* what tells it from another time that the same happened */
  const aft__filling *values;
  uint32_t n;
  bool *suppressed; /* set where it is not to be sent at all; NULL: nobody asks */
} aft__telling;

#define AFT__NOTICE_VALUES 20u

/* Decides whether, when and where the customer is told, and keeps that; sends it where it goes at once. The
 * same telling again does nothing. */
aft_status aft__notify(aft__cmd *cmd, const aft__telling *telling, aft_error *error);

/* A notice while it is decided on. */
typedef struct aft__notice {
  aft__cmd *cmd;
  aft__value *row; /* AFT__NOTICE_COLUMNS */
  uint64_t mask;   /* columns that changed */
  aft__value *customer, *ticket, *about, *order;
  aft__value *contact; /* NULL: the customer never said anything */
  aft__wishes wishes;
  aft_zone *zone;  /* of the wishes; released by aft__notice_done, as is night */
  aft_zone *night; /* of the policy's quiet hours, where the customer named no zone */
  bool by_shop;    /* the quiet hours of the wishes are the policy's */
  aft__notice_plan plan;
  aft__filling values[AFT__NOTICE_VALUES];
  uint32_t n;
  bool kept; /* its record is in the store already */
  aft__buf reasons;
} aft__notice;

void aft__notice_set(aft__notice *notice, uint32_t column, aft__value value);
bool aft__notice_is(const aft__value *row, const char *state);
/* Adds to its reasons, with one name and value; name NULL: none. */
void aft__notice_reason(aft__notice *notice, const char *key, const char *name, aft_str value);
/* The plan of the policy and the wishes of the customer, as they are now. */
aft_status aft__notice_wishes(aft__notice *notice, aft_error *error);
/* Works out what becomes of it now, and sends it where it goes at once. first: it was never held or sent. */
aft_status aft__notice_decide(aft__notice *notice, bool first, aft_error *error);
/* It is not to be sent. */
void aft__notice_suppress(aft__notice *notice, const char *reason);
aft_status aft__notice_save(aft__notice *notice, aft_error *error);
void aft__notice_done(aft__notice *notice);
/* One that is kept already, with all that writing it takes. */
aft_status aft__notice_load(aft__cmd *cmd, aft_id id, aft__notice *notice, aft_error *error);

/* ---- notice_quiet.c ---- */

/* The quiet hours of the customer's record, which there is. */
void aft__notice_own_quiet(aft__notice *notice);
/* Those of the policy, where the customer has none and nobody waits for the notice. */
aft_status aft__notice_shop_quiet(aft__notice *notice, aft_error *error);

/* contact.c: what a customer said of notices; *row: NULL for nothing. */
aft_status aft__contact_find(aft__cmd *cmd, aft_id customer, aft__value **row, aft_error *error);

/* ---- notice_channel.c ---- */

typedef struct aft__address {
  aft_str channel, account, handle;
} aft__address;

/* How a customer is reached on a channel; *known: whether they are at all. */
aft_status aft__notice_address(const aft__notice *notice, aft_str channel, aft__address *out, bool *known,
                               aft_error *error);

/* ---- notice_send.c ---- */

/* Queues it for an address. */
aft_status aft__notice_send(aft__notice *notice, const aft__address *to, aft_error *error);
/* Whether an effect of this topic may be a notice's. */
bool aft__notice_is_topic(aft_str topic);
/* Whether the catalogue has words for it. */
bool aft__notice_has_text(const aft__notice *notice);

/* ---- notice_fields.c: values as a text that is kept, and back ---- */

void aft__fields_write(const aft__filling *values, uint32_t n, aft__buf *out);
/* Texts lie in the arena. AFT_E_CORRUPT. */
aft_status aft__fields_read(aft__arena *arena, aft_str text, aft__filling values[AFT__NOTICE_VALUES],
                            uint32_t *n, aft_error *error);

/* ---- notice_due.c ---- */

#define AFT__DUE_SEND "send" /* it was held */
#define AFT__DUE_NEXT "next" /* its channel failed */
aft_status aft__notice_due(aft__cmd *cmd, const aft__value *due, aft_error *error);

/* ---- notice_tell.c ---- */

/* What became of an effect that may have been a notice's: handed over, or dead. */
aft_status aft__notice_settled(aft__tx *tx, aft_id tenant, aft_id effect, bool dead, aft_error *error);

#endif
