/* Incidents: tickets that stand below another one, because one cause is behind all of them. The incident
 * names itself as its parent, so each ticket tells without a search what it is. */
#include "desk/collaboration/collaborate_priv.h"

#include <stdio.h>
#include <stdlib.h>

#define MOST_CHILDREN 10000

aft_status aft__incident_load(aft__cmd *cmd, aft_id id, const char *where, aft__ticket *out,
                              aft_error *error) {
  *out = (aft__ticket){0};
  AFT__TRY(aft__in_id(id, where, error));
  AFT__TRY(aft__ticket_load(cmd, id, out, error));
  return aft__may_shop(cmd, aft__ticket_int(out, AFT__TICKET_SHOP), error);
}

/* ---- putting a ticket below ---- */

static aft_status check_incident(const aft__ticket *incident, aft_error *error) {
  aft_str state = aft__ticket_str(incident, AFT__TICKET_STATE);
  if (aft__is_child(incident->row))
    return aft__error(error, AFT_E_INVALID, "incident", "the ticket stands below incident %lld itself",
                      (long long)aft__ticket_int(incident, AFT__TICKET_PARENT));
  if (aft__ticket_int(incident, AFT__TICKET_OPEN) != 2)
    return aft__error(error, AFT_E_TRANSITION, "incident", "work on the incident is over: it is %.*s",
                      (int)state.len, state.data);
  return AFT_OK;
}

static aft_status check_child(const aft__ticket *incident, const aft__ticket *child, aft_error *error) {
  aft_id parent = aft__ticket_int(child, AFT__TICKET_PARENT);
  if (aft__ticket_id(incident) == aft__ticket_id(child))
    return aft__error(error, AFT_E_INVALID, "ticket", "a ticket cannot stand below itself");
  if (aft__is_incident(child->row))
    return aft__error(error, AFT_E_INVALID, "ticket", "the ticket is an incident with tickets below it");
  if (parent)
    return aft__error(error, AFT_E_INVALID, "ticket", "the ticket stands below incident %lld already",
                      (long long)parent);
  if (!aft__ticket_int(child, AFT__TICKET_OPEN))
    return aft__error(error, AFT_E_TRANSITION, "ticket", "the ticket has come to its end");
  return AFT_OK;
}

static aft_status next_place(aft__ticket *incident, int64_t *place, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  aft__scan scan = {.table = &aft__child_table,
                    .index = AFT__CHILD_BY_PLACE,
                    .n_equal = 2,
                    .equal = {aft__int(incident->cmd->call.tenant), aft__int(aft__ticket_id(incident))},
                    .descending = true,
                    .limit = 1};
  AFT__TRY(aft__scan_all(incident->cmd->tx, &scan, &rows, &n, error));
  *place = n ? aft__row_int(rows[0], AFT__CHILD_PLACE) + 1 : 1;
  if (*place > MOST_CHILDREN)
    return aft__error(error, AFT_E_TOO_LARGE, "incident", "an incident has at most %d tickets",
                      MOST_CHILDREN);
  return AFT_OK;
}

static aft_status insert(aft__ticket *incident, const aft__ticket *child, aft_error *error) {
  aft__cmd *cmd = incident->cmd;
  int64_t place;
  AFT__TRY(next_place(incident, &place, error));
  aft__value row[AFT__CHILD_COLUMNS] = {
      [AFT__CHILD_ID] = aft__int(aft__tx_id(cmd->tx)),
      [AFT__CHILD_REV] = aft__int(1),
      [AFT__CHILD_TENANT] = aft__int(cmd->call.tenant),
      [AFT__CHILD_PARENT] = aft__int(aft__ticket_id(incident)),
      [AFT__CHILD_TICKET] = aft__int(aft__ticket_id(child)),
      [AFT__CHILD_PLACE] = aft__int(place),
      [AFT__CHILD_ATTACHED] = aft__int(cmd->now),
      [AFT__CHILD_DETACHED] = aft__int(0),
      [AFT__CHILD_TOLD] = aft__int(0),
      [AFT__CHILD_MESSAGE] = aft__null(),
      [AFT__CHILD_SETTLED] = aft__int(0),
      [AFT__CHILD_OUTCOME] = aft__null(),
  };
  return aft__insert(cmd->tx, &aft__child_table, row, NULL, error);
}

/* One that comes back keeps what it was told: nothing is said twice. */
static aft_status keep(aft__ticket *incident, const aft__ticket *child, aft_error *error) {
  aft__cmd *cmd = incident->cmd;
  aft__value *row, keys[] = {aft__int(cmd->call.tenant), aft__int(aft__ticket_id(child)),
                             aft__int(aft__ticket_id(incident))};
  aft_status status = aft__find(cmd->tx, &aft__child_table, AFT__CHILD_BY_TICKET, keys, &row, error);
  if (status == AFT_E_NOT_FOUND)
    return insert(incident, child, error);
  AFT__TRY(status);
  row[AFT__CHILD_DETACHED] = aft__int(0);
  row[AFT__CHILD_ATTACHED] = aft__int(cmd->now);
  return aft__update(cmd->tx, &aft__child_table, row, 1u << AFT__CHILD_DETACHED | 1u << AFT__CHILD_ATTACHED,
                     error);
}

static aft_status note(aft__ticket *ticket, const char *verb, const char *key, aft_id id, aft_error *error) {
  char *facts = aft__arena_printf(ticket->cmd->arena, "{\"%s\":\"%lld\"}", key, (long long)id);
  if (!facts)
    return aft__nomem(error);
  return aft__ticket_note(ticket, verb, aft__cstr(facts), (aft_str){0}, error);
}

aft_status aft__child_attach(aft__ticket *incident, aft__ticket *child, aft_error *error) {
  aft_id parent = aft__ticket_id(incident);
  AFT__TRY(check_incident(incident, error));
  if (aft__ticket_int(child, AFT__TICKET_PARENT) == parent && aft__ticket_id(child) != parent)
    return AFT_IGNORED;
  AFT__TRY(check_child(incident, child, error));
  AFT__TRY(keep(incident, child, error));
  aft__ticket_set(child, AFT__TICKET_PARENT, aft__int(parent));
  if (!aft__is_incident(incident->row))
    aft__ticket_set(incident, AFT__TICKET_PARENT, aft__int(parent));
  AFT__TRY(note(child, "ticket.attached", "incident", parent, error));
  AFT__TRY(note(incident, "incident.attached", "ticket", aft__ticket_id(child), error));
  return aft__incident_tell_more(incident, error);
}

typedef struct pair {
  aft_id ticket, incident;
} pair;

static void pair_digest(aft__sha256 *sha, const void *given) {
  const pair *p = given;
  aft__digest_i64(sha, p->ticket);
  aft__digest_i64(sha, p->incident);
}

static aft_status attach_both(aft__ticket *incident, aft__ticket *child, aft_error *error) {
  aft_status status = aft__child_attach(incident, child, error);
  if (status != AFT_OK)
    return status;
  AFT__TRY(aft__ticket_save(child, error));
  return aft__ticket_save(incident, error);
}

static aft_status attach(aft__cmd *cmd, void *given, aft_error *error) {
  const pair *p = given;
  aft__ticket incident, child = {0};
  aft_status status = aft__incident_load(cmd, p->incident, "incident", &incident, error);
  if (status >= 0)
    status = aft__incident_load(cmd, p->ticket, "ticket", &child, error);
  if (status >= 0)
    status = attach_both(&incident, &child, error);
  aft__ticket_done(&child);
  aft__ticket_done(&incident);
  return status;
}

aft_status aft_ticket_attach(aft_session *session, const aft_call *call, aft_id ticket, aft_id incident,
                             aft_error *error) {
  static const aft__command command = {.verb = "ticket.attach",
                                       .name = "ticket_attach",
                                       .roles = AFT__ROLES_STAFF,
                                       .digest = pair_digest,
                                       .run = attach};
  pair p = {ticket, incident};
  return aft__command_run(session, call, &command, &p, NULL, error);
}

/* ---- a whole flood ---- */

typedef struct flooding {
  aft_id first, shop, after; /* shop 0: all */
} flooding;

static aft_status flood_due(aft__ticket *incident, const flooding *f, aft_error *error) {
  char *name = aft__arena_printf(incident->cmd->arena, AFT__DUE_FLOOD "%lld:%lld:%lld", (long long)f->first,
                                 (long long)f->shop, (long long)f->after);
  if (!name)
    return aft__nomem(error);
  return aft__ticket_due(incident, aft__cstr(name), incident->cmd->now, error);
}

static aft_status begin_flood(aft__cmd *cmd, const pair *p, aft__ticket *incident, aft_error *error) {
  aft__value *first;
  flooding f = {.first = p->ticket};
  AFT__TRY(aft__load(cmd, &aft__ticket_table, AFT__TICKET_TENANT, p->ticket, "flood", &first, error));
  AFT__TRY(aft__may_shop(cmd, aft__row_int(first, AFT__TICKET_SHOP), error));
  AFT__TRY(check_incident(incident, error));
  if (aft__row_null(first, AFT__TICKET_SKETCH))
    return aft__error(error, AFT_E_INVALID, "flood", "the ticket is the first of no flood");
  if (cmd->call.role == AFT_ROLE_AGENT)
    f.shop = aft__ticket_int(incident, AFT__TICKET_SHOP);
  AFT__TRY(note(incident, "incident.flood", "flood", p->ticket, error));
  AFT__TRY(flood_due(incident, &f, error));
  return aft__ticket_save(incident, error);
}

static aft_status attach_flood(aft__cmd *cmd, void *given, aft_error *error) {
  aft__ticket incident;
  const pair *p = given;
  aft_status status = aft__incident_load(cmd, p->incident, "incident", &incident, error);
  if (status >= 0)
    status = begin_flood(cmd, p, &incident, error);
  aft__ticket_done(&incident);
  return status;
}

aft_status aft_flood_attach(aft_session *session, const aft_call *call, aft_id flood, aft_id incident,
                            aft_error *error) {
  static const aft__command command = {.verb = "flood.attach",
                                       .name = "flood_attach",
                                       .roles = AFT__ROLES_STAFF,
                                       .digest = pair_digest,
                                       .run = attach_flood};
  pair p = {flood, incident};
  return aft__command_run(session, call, &command, &p, NULL, error);
}

/* Tickets that cannot stand below the incident are passed over: nothing was written for them yet. AFT_DONE
 * where it has no place left. */
static aft_status attach_one(aft__ticket *incident, aft_id id, aft_error *error) {
  aft__ticket child;
  aft_error own = AFT_ERROR_INIT;
  aft_status status = aft__ticket_load(incident->cmd, id, &child, error);
  if (status >= 0) {
    status = aft__child_attach(incident, &child, &own);
    if (status == AFT_OK)
      status = aft__ticket_save(&child, error);
    else if (status == AFT_E_INVALID || status == AFT_E_TRANSITION)
      status = AFT_OK;
    else if (status == AFT_E_TOO_LARGE)
      status = AFT_DONE;
    else if (status < 0)
      status = aft__error_pass(error, &own);
  }
  aft__ticket_done(&child);
  return status;
}

static bool is_of(const flooding *f, const aft__value *row) {
  bool member = aft__row_int(row, AFT__TICKET_FLOOD) == f->first || row[AFT__TICKET_ID].number == f->first;
  return member && (!f->shop || aft__row_int(row, AFT__TICKET_SHOP) == f->shop);
}

static flooding flood_of(aft_str name) {
  flooding f;
  char text[96];
  snprintf(text, sizeof text, "%.*s", (int)name.len, name.data);
  char *at = text + sizeof AFT__DUE_FLOOD - 1;
  f.first = strtoll(at, &at, 10);
  f.shop = *at ? strtoll(at + 1, &at, 10) : 0;
  f.after = *at ? strtoll(at + 1, &at, 10) : 0;
  return f;
}

/* The tickets of a flood share the sketch of its first one: that is the index by which they are found. Where
 * it is gone, by retention or an erasure, so is the flood. */
aft_status aft__incident_flood(aft__ticket *incident, aft_str name, aft_error *error) {
  aft__cmd *cmd = incident->cmd;
  flooding f = flood_of(name);
  aft__value *first, **rows;
  uint32_t n;
  aft_status status = aft__get(cmd->tx, &aft__ticket_table, f.first, &first, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  AFT__TRY(status);
  if (aft__row_null(first, AFT__TICKET_SKETCH))
    return AFT_OK;
  aft__scan scan = {.table = &aft__ticket_table,
                    .index = AFT__TICKET_BY_SKETCH,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), first[AFT__TICKET_SKETCH]},
                    .after = f.after != 0,
                    .after_id = f.after,
                    .limit = AFT__AT_ONCE};
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    f.after = rows[i][AFT__TICKET_ID].number;
    if (!is_of(&f, rows[i]) || f.after == aft__ticket_id(incident))
      continue;
    status = attach_one(incident, f.after, error);
    if (status == AFT_DONE)
      return note(incident, "incident.full", "flood", f.first, error);
    AFT__TRY(status);
  }
  return n == AFT__AT_ONCE ? flood_due(incident, &f, error) : AFT_OK;
}

/* ---- taking it away ---- */

aft_status aft__child_of(aft__cmd *cmd, const aft__value *ticket, aft__value **row, aft_error *error) {
  *row = NULL;
  if (!aft__is_child(ticket))
    return AFT_OK;
  aft__value keys[] = {aft__int(cmd->call.tenant), ticket[AFT__TICKET_ID], ticket[AFT__TICKET_PARENT]};
  aft_status status = aft__find(cmd->tx, &aft__child_table, AFT__CHILD_BY_TICKET, keys, row, error);
  if (status == AFT_E_NOT_FOUND)
    *row = NULL;
  return status == AFT_E_NOT_FOUND ? AFT_OK : status;
}

/* An incident without tickets is one no more. */
static aft_status child_left(aft__ticket *incident, aft_id child, aft_error *error) {
  aft__cmd *cmd = incident->cmd;
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__load_rows(cmd, &aft__child_table, AFT__CHILD_BY_TOLD, aft__ticket_id(incident), 1, &rows, &n,
                          error));
  if (!n)
    aft__ticket_set(incident, AFT__TICKET_PARENT, aft__null());
  return note(incident, "incident.detached", "ticket", child, error);
}

/* The child's own part of it; *parent: the incident, 0 where it is gone. */
static aft_status leave(aft__ticket *child, aft_id *parent, aft_error *error) {
  aft__cmd *cmd = child->cmd;
  aft__value *row;
  *parent = aft__ticket_int(child, AFT__TICKET_PARENT);
  AFT__TRY(aft__child_of(cmd, child->row, &row, error));
  if (row) {
    row[AFT__CHILD_DETACHED] = aft__int(1);
    AFT__TRY(aft__update(cmd->tx, &aft__child_table, row, 1u << AFT__CHILD_DETACHED, error));
  }
  aft__ticket_set(child, AFT__TICKET_PARENT, aft__null());
  return note(child, "ticket.detached", "incident", *parent, error);
}

/* with: the incident where the caller writes it anyway; NULL: it is loaded and saved here. */
static aft_status tell_incident(aft__cmd *cmd, aft_id parent, aft_id child, aft__ticket *with,
                                aft_error *error) {
  aft__ticket incident;
  if (with)
    return child_left(with, child, error);
  aft_status status = aft__ticket_load(cmd, parent, &incident, error);
  if (status >= 0)
    status = child_left(&incident, child, error);
  if (status >= 0)
    status = aft__ticket_save(&incident, error);
  aft__ticket_done(&incident);
  return status == AFT_E_NOT_FOUND ? AFT_OK : status;
}

static aft_status detach(aft__cmd *cmd, void *given, aft_error *error) {
  aft_id id = *(const aft_id *)given, parent;
  aft__ticket child;
  aft_status status = aft__incident_load(cmd, id, "ticket", &child, error);
  bool below = status >= 0 && aft__is_child(child.row);
  if (below)
    status = leave(&child, &parent, error);
  if (below && status >= 0)
    status = tell_incident(cmd, parent, id, NULL, error);
  if (below && status >= 0)
    status = aft__ticket_save(&child, error);
  aft__ticket_done(&child);
  return status < 0 || below ? status : AFT_IGNORED;
}

static void detach_digest(aft__sha256 *sha, const void *given) {
  aft__digest_i64(sha, *(const aft_id *)given);
}

aft_status aft_ticket_detach(aft_session *session, const aft_call *call, aft_id ticket, aft_error *error) {
  static const aft__command command = {.verb = "ticket.detach",
                                       .name = "ticket_detach",
                                       .roles = AFT__ROLES_STAFF,
                                       .digest = detach_digest,
                                       .run = detach};
  return aft__command_run(session, call, &command, &ticket, NULL, error);
}

/* ---- a child that was merged ---- */

/* What came last to either came to both: their messages are in one ticket now. */
static void take_later(aft__value *own, const aft__value *other) {
  if (aft__row_int(other, AFT__CHILD_TOLD) > aft__row_int(own, AFT__CHILD_TOLD)) {
    own[AFT__CHILD_TOLD] = other[AFT__CHILD_TOLD];
    own[AFT__CHILD_MESSAGE] = other[AFT__CHILD_MESSAGE];
    own[AFT__CHILD_OUTCOME] = other[AFT__CHILD_OUTCOME];
  }
  if (aft__row_int(other, AFT__CHILD_SETTLED) > aft__row_int(own, AFT__CHILD_SETTLED))
    own[AFT__CHILD_SETTLED] = other[AFT__CHILD_SETTLED];
}

/* The ticket stood below this incident before: it takes its own place again. */
static aft_status come_back(aft__cmd *cmd, aft__value *own, aft__value *other, aft_error *error) {
  take_later(own, other);
  own[AFT__CHILD_DETACHED] = aft__int(0);
  own[AFT__CHILD_ATTACHED] = aft__int(cmd->now);
  AFT__TRY(aft__update(cmd->tx, &aft__child_table, own,
                       1u << AFT__CHILD_DETACHED | 1u << AFT__CHILD_ATTACHED | 1u << AFT__CHILD_TOLD |
                           1u << AFT__CHILD_MESSAGE | 1u << AFT__CHILD_OUTCOME | 1u << AFT__CHILD_SETTLED,
                       error));
  other[AFT__CHILD_DETACHED] = aft__int(1);
  return aft__update(cmd->tx, &aft__child_table, other, 1u << AFT__CHILD_DETACHED, error);
}

static aft_status take_place(aft__cmd *cmd, aft_id to, aft__value *row, aft_error *error) {
  aft__value *own, keys[] = {aft__int(cmd->call.tenant), aft__int(to), row[AFT__CHILD_PARENT]};
  aft_status status = aft__find(cmd->tx, &aft__child_table, AFT__CHILD_BY_TICKET, keys, &own, error);
  if (status != AFT_E_NOT_FOUND)
    return status < 0 ? status : come_back(cmd, own, row, error);
  row[AFT__CHILD_TICKET] = aft__int(to);
  status = aft__update(cmd->tx, &aft__child_table, row, 1u << AFT__CHILD_TICKET, error);
  return status == AFT_E_EXISTS ? aft__tx_race(cmd->tx, "child", error) : status;
}

/* The ticket that takes its place is told what is said there, unless it belongs elsewhere. */
static aft_status hand_over(aft__ticket *from, aft__ticket *to, aft__value *row, bool *done,
                            aft_error *error) {
  *done = false;
  if (!row || !aft__row_null(to->row, AFT__TICKET_PARENT) ||
      aft__ticket_int(from, AFT__TICKET_PARENT) == aft__ticket_id(to))
    return AFT_OK;
  AFT__TRY(take_place(from->cmd, aft__ticket_id(to), row, error));
  *done = true;
  aft__ticket_set(to, AFT__TICKET_PARENT, from->row[AFT__TICKET_PARENT]);
  aft__ticket_set(from, AFT__TICKET_PARENT, aft__null());
  return note(to, "ticket.attached", "incident", aft__ticket_int(to, AFT__TICKET_PARENT), error);
}

aft_status aft__child_merged(aft__ticket *from, aft__ticket *to, aft_error *error) {
  aft__value *row;
  aft_id parent;
  bool done;
  if (!aft__is_child(from->row))
    return AFT_OK;
  AFT__TRY(aft__child_of(from->cmd, from->row, &row, error));
  AFT__TRY(hand_over(from, to, row, &done, error));
  if (done)
    return AFT_OK;
  AFT__TRY(leave(from, &parent, error));
  bool into_it = parent == aft__ticket_id(to);
  return tell_incident(from->cmd, parent, aft__ticket_id(from), into_it ? to : NULL, error);
}
