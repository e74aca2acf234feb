/* What rules would have done with past tickets: pages of tickets, each gone through from its beginning. */
#include "desk/automation/automation_priv.h"
#include "desk/case/case_priv.h"

#include <aftersales/automation.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PREVIEW_V1     (offsetof(aft_automation_preview_in, examples) + sizeof(uint32_t))
#define PAGE           16u
#define MOST_PERIOD    (3653 * AFT__DAY)
#define MOST_TICKETS   200000u
#define USUAL_TICKETS  10000u
#define MOST_EXAMPLES  50u
#define USUAL_EXAMPLES 5u
#define MOST_TOKEN     64u

typedef struct walk {
  aft_automation_preview_in in;
  const char *locale;
  aft_policy *policy;
  aft_policy *own;        /* the tenant's, where none was given */
  aft__arena arena;       /* of the figures */
  aft__place place, next; /* where the page begins; where the next does */
  aft_time now;           /* when the preview began */
  aft__figures figures;
  uint32_t n, read; /* tickets of the page, and of all */
  bool ended;
} walk;

typedef struct page {
  walk *w;
  aft_id ids[PAGE];
} page;

/* One ticket. */
typedef struct one {
  walk *w;
  aft__ticket *ticket;
} one;

/* ---- pages ---- */

static aft_status see_occasion(void *user, const aft__occasion *occasion, aft_error *error) {
  one *o = user;
  (void)error;
  aft__figures_add(&o->w->figures, occasion, aft__ticket_str(o->ticket, AFT__TICKET_CODE));
  return AFT_OK;
}

static aft_status see_ticket(aft__cmd *cmd, walk *w, aft_id id, aft_error *error) {
  aft__ticket ticket;
  one o = {w, &ticket};
  aft__past past = {.begin = w->in.begin, .end = w->in.end, .fn = see_occasion, .user = &o};
  aft_status status = aft__ticket_load(cmd, id, &ticket, error);
  if (status >= 0 && (!w->in.shop || aft__ticket_int(&ticket, AFT__TICKET_SHOP) == w->in.shop)) {
    aft__figures_ticket(&w->figures);
    status = aft__replay(&ticket, &past, error);
    w->figures.counted.cut += past.cut;
  }
  aft__ticket_done(&ticket);
  return status;
}

/* Tickets that changed since the preview began come up again behind all others: once is enough. */
static aft_status pick(void *user, const aft__value *row, aft_error *error) {
  page *p = user;
  walk *w = p->w;
  aft_time updated = aft__row_int(row, AFT__TICKET_UPDATED);
  (void)error;
  if (updated > w->now) {
    w->ended = true;
    return AFT_DONE;
  }
  w->next = (aft__place){true, updated, aft__row_int(row, AFT__TICKET_ID)};
  p->ids[w->n++] = w->next.id;
  return AFT_OK;
}

static aft_status may_look(aft__cmd *cmd, const walk *w, aft_error *error) {
  if (cmd->call.role == AFT_ROLE_AGENT && !w->in.shop)
    return aft__denied(cmd, "an agent names a shop of theirs", error);
  return w->in.shop ? aft__may_shop(cmd, w->in.shop, error) : AFT_OK;
}

static aft_status look_at(aft__cmd *cmd, page *p, aft_error *error) {
  walk *w = p->w;
  aft__value low = aft__int(w->in.begin);
  aft__scan scan = {.table = &aft__ticket_table,
                    .index = AFT__TICKET_BY_UPDATED,
                    .n_equal = 1,
                    .equal = {aft__int(cmd->call.tenant)},
                    .low = &low,
                    .after = w->place.set,
                    .after_value = aft__int(w->place.value),
                    .after_id = w->place.id,
                    .limit = PAGE};
  AFT__TRY(aft__scan_each(cmd->tx, &scan, pick, p, error));
  w->ended |= w->n < PAGE;
  for (uint32_t i = 0; i < w->n; i++)
    AFT__TRY(see_ticket(cmd, w, p->ids[i], error));
  return AFT_OK;
}

/* A page that is read again, because its transaction runs again, begins with the figures that were before. */
static aft_status prepare(aft__cmd *cmd, walk *w, aft_error *error) {
  if (!w->policy)
    w->policy = w->own = aft_policy_ref(cmd->policy);
  if (w->figures.rules) {
    aft__figures_put_back(&w->figures);
    return AFT_OK;
  }
  w->now = cmd->now;
  w->figures.policy = w->policy;
  return aft__figures_begin(&w->figures, &w->arena, error);
}

/* Facts and machine are those of the policy that is tried. */
static aft_status read_page(aft__cmd *cmd, void *given, aft_error *error) {
  page *p = given;
  walk *w = p->w;
  aft_policy *own = cmd->policy;
  AFT__TRY(may_look(cmd, w, error));
  AFT__TRY(prepare(cmd, w, error));
  cmd->policy = w->policy;
  w->n = 0;
  w->ended = false;
  aft_status status = look_at(cmd, p, error);
  cmd->policy = own;
  return status;
}

static aft_status walk_all(walk *w, aft_session *session, const aft_call *call, aft_error *error) {
  static const aft__command command = {.verb = "automation.preview",
                                       .name = "automation_preview",
                                       .roles = AFT__ROLES_STAFF,
                                       .read = true,
                                       .run = read_page};
  page p = {.w = w};
  do {
    aft__figures_keep(&w->figures);
    AFT__TRY(aft__command_run(session, call, &command, &p, NULL, error));
    if (w->n)
      w->place = w->next;
    w->read += w->n;
  } while (!w->ended && w->read < w->in.most);
  return AFT_OK;
}

/* ---- what is told ---- */

static void put_end(const walk *w, aft__json *json) {
  char token[MOST_TOKEN];
  aft__json_key(json, "complete");
  aft__json_bool(json, w->ended);
  if (w->ended)
    return;
  snprintf(token, sizeof token, "%" PRId64 ".%" PRId64, w->place.value, w->place.id);
  aft__json_key(json, "next");
  aft__json_str(json, aft__cstr(token));
}

static void put_all(const walk *w, aft__json *json) {
  aft__json_open(json, '{');
  aft__json_key(json, "policy");
  aft__json_str(json, aft__cstr(aft_policy_hash(w->policy)));
  aft__json_key(json, "from");
  aft__json_i64(json, w->in.begin);
  aft__json_key(json, "to");
  aft__json_i64(json, w->in.end);
  aft__figures_json(&w->figures, w->locale, json);
  put_end(w, json);
  aft__json_close(json, '}');
}

/* ---- the call ---- */

/* "<time>.<id>" */
static bool is_place(const char *text, aft__place *out) {
  char *end;
  if (text[0] < '0' || text[0] > '9')
    return false;
  out->value = strtoll(text, &end, 10);
  if (end[0] != '.' || end[1] < '1' || end[1] > '9')
    return false;
  out->id = strtoll(end + 1, &end, 10);
  out->set = *end == 0 && out->id < INT64_MAX;
  return out->set;
}

static aft_status read_token(walk *w, aft_error *error) {
  char text[MOST_TOKEN];
  if (!w->in.token.len)
    return AFT_OK;
  memcpy(text, w->in.token.data, w->in.token.len);
  text[w->in.token.len] = 0;
  if (is_place(text, &w->place))
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, "preview.token", "expected the \"next\" of a preview, found '%s'",
                    text);
}

static aft_status check(walk *w, aft_error *error) {
  aft_automation_preview_in *in = &w->in;
  if (in->begin < 0 || in->end <= in->begin || in->end - in->begin > MOST_PERIOD)
    return aft__error(error, AFT_E_INVALID, "preview.begin", "expected a period of at most ten years");
  if (in->shop)
    AFT__TRY(aft__in_id(in->shop, "preview.shop", error));
  AFT__TRY(aft__in_text(&in->rule, 64, "preview.rule", error));
  AFT__TRY(aft__in_text(&in->token, MOST_TOKEN - 1, "preview.token", error));
  if (in->most > MOST_TICKETS)
    return aft__error(error, AFT_E_INVALID, "preview.most", "expected at most %u tickets, found %u",
                      MOST_TICKETS, in->most);
  if (in->examples > MOST_EXAMPLES)
    return aft__error(error, AFT_E_INVALID, "preview.examples", "expected at most %u, found %u",
                      MOST_EXAMPLES, in->examples);
  in->most = in->most ? in->most : USUAL_TICKETS;
  w->figures.rule = in->rule;
  w->figures.examples = in->examples ? in->examples : USUAL_EXAMPLES;
  return read_token(w, error);
}

static aft_status report(walk *w, aft_session *session, const aft_call *call, aft_buf *out,
                         aft_error *error) {
  aft__json json;
  AFT__TRY(walk_all(w, session, call, error));
  aft__json_init(&json, out);
  put_all(w, &json);
  return out->failed ? aft__nomem(error) : AFT_OK;
}

aft_status aft_automation_preview(aft_session *session, const aft_call *call, aft_policy *policy,
                                  const aft_automation_preview_in *in, const char *locale, aft_buf **out,
                                  aft_error *error) {
  walk w = {.locale = locale ? locale : "en", .policy = policy};
  if (!session || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, session ? "out" : "session", "the handle is NULL");
  AFT__TRY(aft__abi_copy(&w.in, sizeof w.in, in, PREVIEW_V1, "aft_automation_preview_in", error));
  AFT__TRY(check(&w, error));
  aft_env *env = aft__session_env(session);
  aft_buf *buf = aft__buf_new(env);
  aft__arena_init(&w.arena, env);
  aft_status status = buf ? report(&w, session, call, buf, error) : aft__nomem(error);
  aft__arena_done(&w.arena);
  aft_policy_unref(w.own);
  if (status < 0)
    aft_buf_free(buf);
  else
    *out = buf;
  return status;
}
