/* Whether a case may be filed: its reason, the windows of law, platform and shop, then the clauses. */
#include "policy/policy_priv.h"

#include <stdio.h>

/* What the question comes to, piece by piece. */
typedef struct judge {
  const aft_policy *policy;
  const aft__eligible_in *in;
  aft__facts facts; /* of the input, with what the policy adds */
  aft__eligible *out;
  aft__buf *reasons;
  aft_time refund_by, after_goods; /* the earliest of windows whose clock begins now; with the goods */
  bool any;                        /* a window was found, open or not */
  bool seller;                     /* an open window of law leaves the way back to the seller */
  aft_str excluded;                /* by this exception, whose law … */
  aft_str excluded_law;
  bool winner_seller;
} judge;

static bool listed(const aft_policy *policy, aft__names names, aft_str name) {
  uint32_t n = 0;
  const uint32_t *choices = aft__section_data(policy, AFT__SECTION_CHOICES, &n);
  for (uint32_t i = 0; i < names.count; i++)
    if (aft__str_eq(aft__policy_str(policy, choices[names.first + i]), name))
      return true;
  return false;
}

static bool for_kind(const aft_policy *policy, aft__names kinds, aft_str kind) {
  return kinds.count == 0 || listed(policy, kinds, kind);
}

static bool holds(const judge *j, uint32_t condition) {
  return condition == AFT__FLOW_NONE || aft__policy_holds(j->policy, condition, &j->facts);
}

/* ---- reasons ---- */

bool aft__policy_reason(const aft_policy *policy, aft_str name, aft_str kind, aft__reason_info *out) {
  uint32_t n = 0, n_choices = 0;
  const aft__case_reason *list = aft__section_data(policy, AFT__SECTION_REASONS, &n);
  const uint32_t *choices = aft__section_data(policy, AFT__SECTION_CHOICES, &n_choices);
  memset(out, 0, sizeof *out);
  for (uint32_t i = 0; i < n; i++) {
    aft_str known = aft__policy_str(policy, list[i].name);
    if (!aft__str_eq(known, name))
      continue;
    if (kind.len > 0 && !for_kind(policy, list[i].kinds, kind))
      return false;
    out->name = known;
    out->liable = aft__policy_str(policy, list[i].liable);
    out->undelivered = list[i].undelivered != 0;
    for (uint32_t e = 0; e < list[i].evidence.count && e < AFT__MOST_REQUIRED; e++)
      out->required[out->n_required++] = aft__policy_str(policy, choices[list[i].evidence.first + e]);
    return true;
  }
  return false;
}

aft_str aft__policy_own_reason(const aft_policy *policy, aft_str kind) {
  uint32_t n = 0;
  const aft__case_reason *list = aft__section_data(policy, AFT__SECTION_REASONS, &n);
  aft_str first = {0};
  for (uint32_t i = 0; i < n; i++) {
    aft_str name = aft__policy_str(policy, list[i].name);
    if (list[i].kinds.count > 0 && !for_kind(policy, list[i].kinds, kind))
      continue;
    if (list[i].kinds.count == 1)
      return name;
    first = first.len ? first : name;
  }
  return first.len ? first : aft__cstr("other");
}

aft_str aft__policy_reason_at(const aft_policy *policy, uint32_t index) {
  uint32_t n = 0;
  const aft__case_reason *list = aft__section_data(policy, AFT__SECTION_REASONS, &n);
  return index < n ? aft__policy_str(policy, list[index].name) : aft__cstr("");
}

/* ---- windows ---- */

/* The exception that takes the order out of a window; NULL for none. */
static const aft__exception *exception_of(const judge *j, uint32_t window) {
  uint32_t n = 0;
  const aft__exception *list = aft__section_data(j->policy, AFT__SECTION_EXCEPTIONS, &n);
  aft_str name = aft__policy_str(j->policy, window);
  for (uint32_t i = 0; i < n; i++)
    if (listed(j->policy, list[i].excludes, name) && holds(j, list[i].condition))
      return &list[i];
  return NULL;
}

/* Windows are picked by the day of the order, as it was where the buyer is. */
static bool dated(const judge *j, const aft__window *w) {
  aft_time ordered = j->in->ordered != AFT_TIME_NONE ? j->in->ordered : j->in->now;
  int64_t local = ordered + (int64_t)j->in->offset_minutes * AFT__MINUTE;
  int64_t day = local / AFT__DAY - (local % AFT__DAY < 0);
  return day >= w->from && day <= w->to;
}

static aft_time start_of(const judge *j, const aft__window *w) {
  const aft_time starts[AFT__STARTS] = {[AFT__START_DELIVERY] = j->in->delivered,
                                        [AFT__START_ORDER] = j->in->ordered,
                                        [AFT__START_SHIPPED] = j->in->shipped};
  return starts[w->start];
}

/* One that has not begun is open and ends after all others. */
static bool later(aft_time a, aft_time b) { return b != AFT_TIME_NONE && (a == AFT_TIME_NONE || a > b); }

static aft_time refund_end(const aft__window *w, aft_time from, int32_t offset_minutes) {
  return aft__span_end(from, w->refund_n, (aft__span_unit)w->refund_unit, false, false, offset_minutes);
}

static void note_open(judge *j, const aft__window *w) {
  bool law = (w->flags & AFT__WINDOW_STATUTORY) != 0;
  j->out->statutory |= law;
  j->seller |= law && (w->flags & AFT__WINDOW_SELLER);
  if (w->refund_n == 0)
    return;
  aft_time by = refund_end(w, j->in->now, j->in->offset_minutes);
  bool goods = w->flags & AFT__WINDOW_GOODS;
  aft_time *least = goods ? &j->after_goods : &j->refund_by;
  if (*least != AFT_TIME_NONE && by >= *least)
    return;
  *least = by;
  if (goods)
    j->out->refund_window = aft__policy_str(j->policy, w->name);
}

static void weigh(judge *j, const aft__window *w) {
  aft__eligible *out = j->out;
  aft_time end = aft__span_end(start_of(j, w), w->n, (aft__span_unit)w->unit, w->flags & AFT__WINDOW_INCLUDES,
                               w->flags & AFT__WINDOW_SHIFTS, j->in->offset_minutes);
  if (end == AFT_TIME_NONE || j->in->now <= end) {
    out->in_window = true;
    note_open(j, w);
  }
  if (j->any && !later(end, out->ends))
    return;
  j->any = true;
  out->ends = end;
  out->window = aft__policy_str(j->policy, w->name);
  out->source = aft__cstr(aft__window_sources[w->source]);
  out->law = aft__policy_str(j->policy, w->law);
  j->winner_seller = (w->flags & AFT__WINDOW_SELLER) != 0;
}

static void weigh_source(judge *j, uint32_t source) {
  uint32_t n = 0;
  const aft__window *list = aft__section_data(j->policy, AFT__SECTION_WINDOWS, &n);
  for (uint32_t i = 0; i < n; i++) {
    const aft__window *w = &list[i];
    if (w->source != source || (w->flags & AFT__WINDOW_OFF) || !dated(j, w) ||
        !for_kind(j->policy, w->kinds, j->in->kind) || !holds(j, w->condition))
      continue;
    const aft__exception *exception = exception_of(j, w->name);
    if (!exception) {
      weigh(j, w);
      continue;
    }
    if (j->excluded.len == 0) {
      j->excluded = aft__policy_str(j->policy, exception->name);
      j->excluded_law = aft__policy_str(j->policy, exception->law);
    }
  }
}

/* ---- the way back ---- */

/* Whoever is at fault pays; without fault the window that is relied on says who, and what it leaves to the
 * buyer a rule of the policy may take over. */
static void settle_freight(judge *j) {
  aft__eligible *out = j->out;
  bool fault = out->liable.len > 0 && !aft__str_eq(out->liable, aft__cstr("buyer"));
  bool seller = fault || j->seller || (j->any && out->in_window && j->winner_seller);
  aft_str kinder = seller ? (aft_str){0} : aft__policy_freight_back(j->policy, &j->facts);
  out->freight = kinder.len ? kinder : aft__cstr(seller ? "seller" : "buyer");
  if (!j->reasons)
    return;
  aft__arg args[] = {{"freight", out->freight}, {"liable", out->liable}, {"window", out->window}};
  aft__reason_add(j->reasons, "freight",
                  fault        ? "explain.case.freight.fault"
                  : kinder.len ? "explain.case.freight.rule"
                  : j->any     ? "explain.case.freight.window"
                               : "explain.case.freight.usual",
                  args, AFT__COUNT(args));
}

/* ---- the verdict ---- */

static void explain(judge *j, const char *key) {
  aft__eligible *out = j->out;
  char ends[AFT__CLOCK_TEXT] = "";
  if (!j->reasons)
    return;
  if (out->ends != AFT_TIME_NONE)
    aft__clock_text(out->ends, j->in->offset_minutes * 60, ends);
  aft__arg args[] = {{"reason", j->in->reason}, {"kind", j->in->kind},     {"clause", out->clause},
                     {"window", out->window},   {"source", out->source},   {"law", out->law},
                     {"ends", aft__cstr(ends)}, {"exception", j->excluded}};
  aft__reason_add(j->reasons, "eligibility", key, args, AFT__COUNT(args));
}

static void decide(judge *j, aft__decision verdict, const char *clause, const char *key) {
  j->out->verdict = verdict;
  j->out->clause = aft__cstr(clause);
  explain(j, key);
}

static bool needs_none(const aft_policy *policy, aft_str kind) {
  uint32_t n = 0;
  const aft__pair *pairs = aft__section_data(policy, AFT__SECTION_PAIRS, &n);
  for (uint32_t i = 0; i < n; i++)
    if (pairs[i].list == AFT__PAIRS_ALWAYS && aft__str_eq(aft__policy_str(policy, pairs[i].key), kind))
      return true;
  return false;
}

/* A shop may be kinder than law, never harder: what it would refuse within a right of law is for a person. */
static void ask_clauses(judge *j) {
  uint32_t n = 0;
  const aft__clause *list = aft__section_data(j->policy, AFT__SECTION_CLAUSES, &n);
  for (uint32_t i = 0; i < n; i++) {
    const aft__clause *c = &list[i];
    if (!for_kind(j->policy, c->kinds, j->in->kind) || !holds(j, c->condition))
      continue;
    bool kept = c->verdict == AFT__DECISION_NO && j->out->statutory && !c->statutory;
    aft__decision verdict = kept ? AFT__DECISION_PERSON : (aft__decision)c->verdict;
    j->out->verdict = verdict;
    j->out->clause = aft__policy_str(j->policy, c->name);
    explain(j, kept                           ? "explain.case.clause.kept"
               : verdict == AFT__DECISION_NO  ? "explain.case.clause.no"
               : verdict == AFT__DECISION_YES ? "explain.case.clause.yes"
                                              : "explain.case.clause.person");
    return;
  }
  decide(j, AFT__DECISION_YES, "open", j->any ? "explain.case.open" : "explain.case.always");
}

static void judge_window(judge *j) {
  aft__eligible *out = j->out;
  for (uint32_t source = 0; source < AFT__SOURCES; source++)
    weigh_source(j, source);
  bool always = needs_none(j->policy, j->in->kind);
  bool closed = !out->in_window && !always;
  out->refund_by = j->refund_by;
  out->in_window |= always;
  j->facts.number[AFT__FACT_IN_WINDOW] = out->in_window;
  if (!closed)
    ask_clauses(j);
  else if (j->any)
    decide(j, AFT__DECISION_NO, "window", "explain.case.window");
  else if (j->excluded.len > 0) {
    out->law = j->excluded_law;
    out->exception = j->excluded;
    decide(j, AFT__DECISION_NO, "excluded", "explain.case.excluded");
  } else {
    decide(j, AFT__DECISION_NO, "window", "explain.case.no_window");
  }
}

static void explain_refund(const judge *j) {
  char by[AFT__CLOCK_TEXT];
  if (!j->reasons || j->out->refund_by == AFT_TIME_NONE || !j->out->in_window)
    return;
  aft__clock_text(j->out->refund_by, j->in->offset_minutes * 60, by);
  aft__arg args[] = {{"by", aft__cstr(by)}, {"window", j->out->window}};
  aft__reason_add(j->reasons, "due", "explain.case.refund_by", args, AFT__COUNT(args));
}

static void take_reason(judge *j, const aft__reason_info *info) {
  aft__eligible *out = j->out;
  out->liable = info->liable;
  out->n_required = info->n_required;
  memcpy(out->required, info->required, sizeof out->required);
  j->facts.text[AFT__FACT_LIABLE] = info->liable;
}

static void set_up(judge *j) {
  aft__eligible *out = j->out;
  memset(out, 0, sizeof *out);
  out->clause = out->window = out->source = out->law = out->liable = out->refund_window = out->exception =
      aft__cstr("");
  out->freight = aft__cstr("buyer");
  out->ends = out->refund_by = j->refund_by = j->after_goods = AFT_TIME_NONE;
  j->excluded = j->excluded_law = aft__cstr("");
  j->facts = *j->in->facts;
  j->facts.text[AFT__FACT_KIND] = j->in->kind;
  j->facts.text[AFT__FACT_REASON] = j->in->reason;
  if (j->in->platform.len > 0)
    j->facts.text[AFT__FACT_PLATFORM] = j->in->platform;
}

aft_time aft__policy_refund_by(const aft_policy *policy, aft_str window, aft_time from,
                               int32_t offset_minutes) {
  uint32_t n = 0;
  const aft__window *list = aft__section_data(policy, AFT__SECTION_WINDOWS, &n);
  for (uint32_t i = 0; i < n; i++)
    if (aft__str_eq(aft__policy_str(policy, list[i].name), window))
      return refund_end(&list[i], from, offset_minutes);
  return AFT_TIME_NONE;
}

bool aft__policy_has_cases(const aft_policy *policy) {
  return policy->image->sections[AFT__SECTION_CASES].count > 0;
}

void aft__policy_eligible(const aft_policy *policy, const aft__eligible_in *in, aft__eligible *out,
                          aft__buf *reasons) {
  aft__reason_info info;
  judge j = {.policy = policy, .in = in, .out = out, .reasons = reasons};
  set_up(&j);
  if (!aft__policy_has_cases(policy)) {
    decide(&j, AFT__DECISION_PERSON, "none", "explain.case.none");
    return;
  }
  if (!aft__policy_reason(policy, in->reason, in->kind, &info)) {
    decide(&j, AFT__DECISION_NO, "reason", "explain.case.reason");
    return;
  }
  take_reason(&j, &info);
  judge_window(&j);
  settle_freight(&j);
  explain_refund(&j);
}
