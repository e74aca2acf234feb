/* Removing one record whose time is over, with all that lies below it, in one transaction.
 *
 * What is left is one event under its id: how long its chain was and the chain's last hash, so that an export
 * that was made before can still be held against it. */
#include "desk/evidence/evidence_priv.h"
#include "desk/privacy/person.h"
#include "desk/privacy/retention.h"

typedef struct walk {
  aft__cmd *cmd;
  bool needed;
  aft__chain chain; /* of the record itself */
} walk;

typedef struct spot {
  walk *w;
  const aft__person_branch *branch;
} spot;

static aft_status below(walk *w, uint32_t kind, aft_id key, bool going, aft__change_fn fn, aft_error *error) {
  for (size_t i = 0; i < aft__person_branch_count; i++) {
    spot here = {w, &aft__person_branches[i]};
    if (here.branch->parent != kind)
      continue;
    aft__scan scan = aft__person_rows(here.branch, w->cmd->call.tenant, key);
    AFT__TRY(aft__change_each(w->cmd->tx, scan, going, fn, &here, error));
  }
  return AFT_OK;
}

/* ---- what still needs it ---- */

static bool is_open(const aft__value *effect) {
  int64_t state = aft__row_int(effect, AFT__OB_STATE);
  return state != AFT__OUT_DONE && state != AFT__OUT_DEAD;
}

static aft_status look(void *user, aft__value *row, aft_error *error) {
  const aft__person_branch *branch = ((spot *)user)->branch;
  walk *w = ((spot *)user)->w;
  if (branch->child == AFT__KIND_EFFECT)
    w->needed |= is_open(row);
  else if (branch->child == AFT__KIND_EVENT)
    w->needed |= aft__row_int(row, AFT__EV_FEED) == 0;
  else if (branch->child == AFT__KIND_EVIDENCE && aft__row_null(row, AFT__EVIDENCE_REMOVED)) {
    w->needed = true; /* until its bytes are gone, which are asked for here */
    return aft__evidence_forget(w->cmd, row, error);
  }
  return below(w, branch->child, row[branch->key].number, false, look, error);
}

/* ---- removing ---- */

static aft_status take_out(void *user, aft__value *row, aft_error *error) {
  const aft__person_branch *branch = ((spot *)user)->branch;
  walk *w = ((spot *)user)->w;
  const aft__table *table = aft__kind_get(branch->child)->table;
  AFT__TRY(below(w, branch->child, row[branch->key].number, true, take_out, error));
  AFT__TRY(aft__due_clear_all(w->cmd->tx, row[AFT__COL_ID].number, error));
  return aft__remove(w->cmd->tx, table, row[AFT__COL_ID].number, row[AFT__COL_REV].number, error);
}

static aft_status leave_event(walk *w, uint32_t kind, aft_id id, aft_error *error) {
  char hash[65];
  const char *name = aft__kind_get(kind)->name;
  aft__hex(w->chain.hash, sizeof w->chain.hash, hash);
  char *facts =
      aft__arena_printf(w->cmd->arena, "{\"events\":%lld,\"chain\":\"%s\"}", (long long)w->chain.seq, hash);
  char *verb = aft__arena_printf(w->cmd->arena, "%s.removed", name);
  if (!facts || !verb)
    return aft__nomem(error);
  aft__event event = {.tenant = w->cmd->call.tenant,
                      .kind = kind,
                      .subject = id,
                      .role = AFT_ROLE_SYSTEM,
                      .verb = aft__cstr(verb),
                      .facts = aft__cstr(facts)};
  aft__chain fresh = {0};
  return aft__event_append(w->cmd->tx, &event, &fresh, NULL, error);
}

aft_status aft__record_retire(aft__cmd *cmd, uint32_t kind, aft__value *row, aft_error *error) {
  walk w = {.cmd = cmd};
  aft_id id = row[AFT__COL_ID].number;
  AFT__TRY(below(&w, kind, id, false, look, error));
  if (w.needed)
    return AFT_OK;
  AFT__TRY(aft__event_verify(cmd->tx, cmd->call.tenant, id, &w.chain, error));
  AFT__TRY(below(&w, kind, id, true, take_out, error));
  AFT__TRY(aft__due_clear_all(cmd->tx, id, error));
  AFT__TRY(leave_event(&w, kind, id, error));
  AFT__TRY(aft__remove(cmd->tx, aft__kind_get(kind)->table, id, row[AFT__COL_REV].number, error));
  return AFT_DONE;
}
