/* One message on its way in. */
#ifndef AFT_DESK_INTAKE_PRIV_H
#define AFT_DESK_INTAKE_PRIV_H

#include "desk/desk_priv.h"

typedef struct aft__intake {
  aft__cmd *cmd;
  aft_message_in in;
  aft_str phone, email;          /* from a form */
  aft__value *customer;          /* row */
  aft_id order;                  /* that the message names */
  aft_str order_state, currency; /* of that order, or of its ticket's */
  aft_str case_state;            /* of the case that is open about it, where a rule asks */
  aft_id message;                /* id that it will have */
  aft__triage triage;
  aft_str read;       /* the text that it is of */
  aft__buf *reasons;  /* of the triage */
  bool thanks;        /* an acknowledgement */
  aft_id thread;      /* ticket to join; 0: a new one */
  aft__value *joined; /* row of that ticket, as it was found */
  aft_id hint, follows;
  const char *disposition;
} aft__intake;

#define AFT__ROLES_INTAKE (AFT__ROLES_SYSTEM | AFT__ROLE(AFT_ROLE_AGENT) | AFT__ROLE(AFT_ROLE_BUYER))

/* A copy that the library can rely on: known size, checked texts, arrays in the arena. */
aft_status aft__intake_check(aft__arena *arena, const aft_env *env, const aft_message_in *given,
                             aft_message_in *in, aft_error *error);
/* Takes a checked message in: cmd->ids are the message and its ticket. */
aft_status aft__intake_run(aft__cmd *cmd, const aft_message_in *in, aft_error *error);

/* intake_thread.c: decides thread, hint, follows and disposition. */
aft_status aft__intake_thread(aft__intake *intake, aft_error *error);

/* intake_turns.c: reads the message again together with what was said before it in the ticket that it joins,
 * where that may change what it means. */
aft_status aft__intake_reread(aft__intake *intake, aft_error *error);
/* intake.c: reads the message with what is known. desk: what it asked last, or empty. */
aft_status aft__intake_triage(aft__intake *intake, const aft_str *earlier, size_t n, aft_str desk,
                              aft_error *error);

/* intake_flood.c: the fingerprint of a new ticket, and whether it belongs to a flood of like ones. */
aft_status aft__intake_flood(aft__intake *intake, aft__ticket *ticket, aft_error *error);

/* The facts of its audit event. */
aft_str aft__intake_facts(aft__intake *intake);

/* The state of the case that is open about an order, where a rule asks for it. */
aft_status aft__intake_case_state(aft__intake *intake, aft_id order, aft_error *error);

#endif
