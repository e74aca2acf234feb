/* Floods: many customers who say nearly the same in a short time. Each new ticket has a fingerprint of its
 * first message; the tickets that share its sketch and came within the policy's time are counted. */
#include "desk/intake/intake_priv.h"

#include <stdio.h>

#define LOOK_MORE 2 /* times the messages of a flood: rows that are looked at, since a sketch is no proof */

typedef struct looking {
  aft_time since;
  uint64_t bits;
  uint32_t n;      /* near-duplicates */
  aft_id earliest; /* of them */
  aft_id flood;    /* that one of them belongs to */
} looking;

/* The latest first. */
static aft_status see(void *user, const aft__value *row, aft_error *error) {
  looking *l = user;
  (void)error;
  if (aft__row_int(row, AFT__TICKET_OPENED) < l->since)
    return AFT_DONE;
  uint64_t bits = (uint64_t)aft__row_int(row, AFT__TICKET_FINGERPRINT);
  if (aft__fingerprint_distance(bits, l->bits) > AFT__PRINT_NEAR)
    return AFT_OK;
  l->n++;
  l->earliest = aft__row_int(row, AFT__TICKET_ID);
  l->flood = aft__row_int(row, AFT__TICKET_FLOOD);
  return l->flood ? AFT_DONE : AFT_OK;
}

static aft_status look(aft__cmd *cmd, const aft__print *print, const aft__policy_intake *policy, looking *l,
                       aft_error *error) {
  aft__scan scan = {.table = &aft__ticket_table,
                    .index = AFT__TICKET_BY_SKETCH,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(print->sketch)},
                    .descending = true,
                    .limit = policy->flood_messages * LOOK_MORE};
  *l = (looking){.since = cmd->now - policy->flood_within_ms, .bits = print->bits};
  return aft__scan_each(cmd->tx, &scan, see, l, error);
}

static aft_status print_of(aft__intake *intake, aft__print *out, bool *any, aft_error *error) {
  aft__buf normal;
  char space[2048];
  aft__buf_lend(&normal, intake->cmd->env, space, sizeof space);
  aft_status status = aft__normalise(&normal, intake->read, error);
  if (status >= 0 && normal.failed)
    status = aft__nomem(error);
  *any = status >= 0 && aft__fingerprint(aft__buf_view(&normal), out);
  aft__buf_done(&normal);
  return status;
}

/* Told once: whoever comes next finds a ticket that belongs to the flood. Two that come at once meet in the
 * earliest ticket. */
static aft_status tell(aft__ticket *ticket, const aft__policy_intake *policy, const looking *l,
                       aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__value *earliest;
  char messages[16], within[32];
  AFT__TRY(aft__get(cmd->tx, &aft__ticket_table, l->earliest, &earliest, error));
  AFT__TRY(aft__anchor(cmd->tx, &aft__ticket_table, earliest, error));
  char *facts = aft__arena_printf(cmd->arena, "{\"flood\":\"%lld\",\"messages\":%u,\"within_ms\":%lld}",
                                  (long long)l->earliest, l->n + 1, (long long)policy->flood_within_ms);
  if (!facts)
    return aft__nomem(error);
  snprintf(messages, sizeof messages, "%u", l->n + 1);
  aft__duration_format(policy->flood_within_ms, within);
  aft__arg args[] = {{"messages", aft__cstr(messages)}, {"target", aft__cstr(within)}};
  aft__reason_add(&ticket->reasons, "flood", "explain.flood.seen", args, AFT__COUNT(args));
  AFT__TRY(aft__ticket_note(ticket, "flood.seen", aft__cstr(facts), (aft_str){0}, error));
  return aft__outbox_add(cmd->tx, cmd->call.tenant, aft__ticket_id(ticket), aft__cstr("flood.seen"),
                         aft__cstr(facts), AFT__OUT_AUTO, cmd->now, NULL, error);
}

aft_status aft__intake_flood(aft__intake *intake, aft__ticket *ticket, aft_error *error) {
  aft__policy_intake policy;
  aft__print print;
  looking l;
  bool any;
  AFT__TRY(print_of(intake, &print, &any, error));
  if (!any)
    return AFT_OK;
  aft__ticket_set(ticket, AFT__TICKET_FINGERPRINT, aft__int((int64_t)print.bits));
  aft__ticket_set(ticket, AFT__TICKET_SKETCH, aft__int(print.sketch));
  aft__policy_intake_of(ticket->cmd->policy, &policy);
  if (policy.flood_messages < 2 || !aft__triage_content(&intake->triage))
    return AFT_OK;
  AFT__TRY(look(ticket->cmd, &print, &policy, &l, error));
  if (l.flood)
    aft__reason_add(&ticket->reasons, "flood", "explain.flood.joined", NULL, 0);
  else if (l.n + 1 >= policy.flood_messages)
    AFT__TRY(tell(ticket, &policy, &l, error));
  else
    return AFT_OK;
  aft__ticket_set(ticket, AFT__TICKET_FLOOD, aft__int(l.flood ? l.flood : l.earliest));
  return AFT_OK;
}
