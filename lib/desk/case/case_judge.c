/* What the governing policy makes of a case: whether it may be filed and why, who is liable, who pays the
 * freight, and what need not wait for a person. */
#include "desk/case/case_priv.h"

#include <stdio.h>

#define MOST_REPAIRS 100u

/* ---- repairs before this one ---- */

/* As it was told; where one of them tells nothing more, by the reason. */
static bool same_fault(const aft__case *c, const aft__value *other) {
  aft_str here = aft__case_str(c, AFT__CASE_FAULT), there = aft__row_str(other, AFT__CASE_FAULT);
  if (here.len && there.len)
    return aft__str_eq(here, there);
  return aft__str_eq(aft__case_str(c, AFT__CASE_REASON), aft__row_str(other, AFT__CASE_REASON));
}

/* Where a serial number is not told, it may be any unit of the line. */
static bool same_unit(const aft__value *mine, const aft__value *theirs) {
  aft_str here = aft__row_str(mine, AFT__CASE_LINE_SERIAL),
          there = aft__row_str(theirs, AFT__CASE_LINE_SERIAL);
  return !here.len || !there.len || aft__str_eq(here, there);
}

/* What was looked at and not mended is no repair, nor what the buyer was found to answer for. */
static bool was_mended(const aft__value *other) {
  bool own = !aft__row_null(other, AFT__CASE_FOUND) &&
             aft__str_eq(aft__row_str(other, AFT__CASE_LIABLE), aft__cstr("buyer"));
  return aft__str_eq(aft__row_str(other, AFT__CASE_KIND), aft__cstr("repair")) &&
         aft__str_eq(aft__row_str(other, AFT__CASE_STATE), aft__cstr("completed")) && !own;
}

static aft_status count_repairs(aft__case *c, const aft__case_line *l, int64_t *out, aft_error *error) {
  aft__scan scan = {.table = &aft__case_line_table,
                    .index = AFT__CASE_LINE_BY_LINE,
                    .n_equal = 2,
                    .equal = {aft__int(c->cmd->call.tenant), l->line[AFT__LINE_ID]},
                    .limit = MOST_REPAIRS};
  aft__value **rows, *other;
  uint32_t n;
  AFT__TRY(aft__scan_all(c->cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    int64_t id = aft__row_int(rows[i], AFT__CASE_LINE_CASE);
    if (id >= aft__case_id(c) || !same_unit(l->row, rows[i]))
      continue; /* ids grow with time */
    AFT__TRY(aft__get(c->cmd->tx, &aft__case_table, id, &other, error));
    *out += was_mended(other) && same_fault(c, other);
  }
  return AFT_OK;
}

/* Earlier repairs of the same unit for the same fault: laws and warranties count them. */
static aft_status faults(aft__case *c, aft__facts *facts, aft_error *error) {
  int64_t n = 0;
  if (!aft__case_is(c, AFT__CASE_KIND, "repair"))
    return AFT_OK;
  for (uint32_t i = 0; i < c->n_lines; i++)
    AFT__TRY(count_repairs(c, &c->lines[i], &n, error));
  facts->number[AFT__FACT_FAULTS] = n;
  return AFT_OK;
}

/* ---- facts that the policy decides ---- */

aft_status aft__case_reason_check(const aft__case *c, aft_str reason, aft_error *error) {
  aft__reason_info info;
  if (aft__policy_reason(c->policy, reason, (aft_str){0}, &info))
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, "case.reason", "the policy has no reason '%.*s'",
                    (int)aft__utf8_cut(reason, 60), reason.data ? reason.data : "");
}

bool aft__case_platform_state(const aft__case *c, aft_str status, aft__platform_state *out) {
  return aft__policy_platform_status(c->policy, aft__case_str(c, AFT__CASE_PLATFORM), status,
                                     aft__case_str(c, AFT__CASE_KIND), out);
}

/* ---- whether it may be filed ---- */

void aft__case_refuse_line(aft__case *c, const aft__case_line *l, const char *key, int64_t free) {
  char numbers[2][24];
  aft_str title = aft__row_str(l->line, AFT__LINE_TITLE);
  snprintf(numbers[0], sizeof numbers[0], "%lld", (long long)free);
  snprintf(numbers[1], sizeof numbers[1], "%lld", (long long)aft__row_int(l->row, AFT__CASE_LINE_QUANTITY));
  aft__arg args[] = {{"title", title.len ? title : aft__row_str(l->line, AFT__LINE_REF)},
                     {"free", aft__cstr(numbers[0])},
                     {"asked", aft__cstr(numbers[1])}};
  aft__reason_add_first(&c->reasons, "refusal", key, args, AFT__COUNT(args));
}

aft_status aft__case_free_check(aft__case *c, aft_error *error) {
  for (uint32_t i = 0; i < c->n_lines; i++) {
    const aft__case_line *l = &c->lines[i];
    int64_t have = aft__row_int(l->line, AFT__LINE_WITH_BUYER) + aft__row_int(l->line, AFT__LINE_UNDELIVERED);
    int64_t wanted = aft__row_int(l->row, AFT__CASE_LINE_QUANTITY);
    if (wanted <= have)
      continue;
    aft__case_refuse_line(c, l, "explain.case.units", have);
    return aft__error(error, AFT_E_CHECK, "case.lines", "line %.*s has %lld units that are free, not %lld",
                      (int)l->line[AFT__LINE_REF].size, l->line[AFT__LINE_REF].data, (long long)have,
                      (long long)wanted);
  }
  return AFT_OK;
}

/* How often these lines were applied for before, cancelled ones included. */
static aft_status count_applications(aft__case *c, aft_error *error) {
  int64_t most = 0;
  for (uint32_t i = 0; i < c->n_lines; i++) {
    aft__scan scan = {.table = &aft__case_line_table,
                      .index = AFT__CASE_LINE_BY_LINE,
                      .n_equal = 2,
                      .equal = {aft__int(c->cmd->call.tenant), c->lines[i].line[AFT__LINE_ID]},
                      .limit = 100};
    aft__value **rows;
    uint32_t n;
    AFT__TRY(aft__scan_all(c->cmd->tx, &scan, &rows, &n, error));
    most = n > most ? n : most;
  }
  aft__case_set(c, AFT__CASE_APPLICATIONS, aft__int(most));
  return AFT_OK;
}

/* said: what is known of the goods, by line. */
typedef struct claims {
  aft_str reason;
  const aft_case_line_in *said;
  size_t n;
  aft_time at; /* when it counts */
  aft__buf *reasons;
} claims;

static void line_facts(const aft__case *c, const aft__case_line *l, const claims *of, aft__facts *facts) {
  facts->text[AFT__FACT_NATURE] = aft__row_str(l->line, AFT__LINE_NATURE);
  facts->text[AFT__FACT_PRODUCT_CATEGORY] = aft__row_str(l->line, AFT__LINE_CATEGORY);
  facts->number[AFT__FACT_FINAL_SALE] = aft__row_int(l->line, AFT__LINE_FINAL_SALE);
  facts->number[AFT__FACT_HYGIENE] = aft__row_int(l->line, AFT__LINE_HYGIENE);
  facts->number[AFT__FACT_MADE_TO_ORDER] = aft__row_int(l->line, AFT__LINE_MADE_TO_ORDER);
  facts->number[AFT__FACT_UNITS] = aft__row_int(l->row, AFT__CASE_LINE_QUANTITY);
  facts->number[AFT__FACT_DELIVERED] =
      aft__units_awaited(c, l) < aft__row_int(l->row, AFT__CASE_LINE_QUANTITY);
  facts->text[AFT__FACT_CONDITION] = (aft_str){0};
  for (size_t i = 0; i < of->n; i++)
    if (aft__line_is_named(l->line, of->said[i].line))
      facts->text[AFT__FACT_CONDITION] = of->said[i].condition;
  facts->number[AFT__FACT_OPENED] = aft__str_eq(facts->text[AFT__FACT_CONDITION], aft__cstr("opened")) ||
                                    aft__str_eq(facts->text[AFT__FACT_CONDITION], aft__cstr("used"));
}

static aft_time time_of(const aft__value *row, uint32_t column) {
  return aft__row_null(row, column) ? AFT_TIME_NONE : aft__row_int(row, column);
}

static void judge_line(aft__case *c, const aft__case_line *l, const claims *of, aft__facts *facts,
                       aft__eligible *out) {
  line_facts(c, l, of, facts);
  aft__eligible_in ask = {.kind = aft__case_str(c, AFT__CASE_KIND),
                          .reason = of->reason,
                          .facts = facts,
                          .ordered = time_of(c->order, AFT__ORDER_PLACED),
                          .shipped = c->shipped,
                          .delivered = time_of(l->line, AFT__LINE_DELIVERED),
                          .now = of->at,
                          .offset_minutes = aft__order_offset(c->cmd, c->order),
                          .platform = aft__case_str(c, AFT__CASE_PLATFORM)};
  aft__policy_eligible(c->policy, &ask, out, of->reasons);
}

/* The strictest answer of all lines stands. */
static aft_status judge_lines(aft__case *c, const aft_case_in *in, aft__eligible *worst, aft_error *error) {
  aft__facts facts;
  aft_time refund_by = AFT_TIME_NONE;
  aft_str window = {0};
  bool any = false;
  claims of = {aft__case_str(c, AFT__CASE_REASON), in->lines, in->n_lines, c->cmd->now, &c->reasons};
  AFT__TRY(aft__case_facts(c, &facts, error));
  for (uint32_t i = 0; i < c->n_lines; i++) {
    aft__eligible one;
    if (aft__line_is_extra(c->lines[i].line))
      continue;
    judge_line(c, &c->lines[i], &of, &facts, &one);
    if (!any || one.verdict < worst->verdict)
      *worst = one;
    if (one.refund_by != AFT_TIME_NONE && (refund_by == AFT_TIME_NONE || one.refund_by < refund_by))
      refund_by = one.refund_by;
    window = window.len ? window : one.refund_window;
    any = true;
  }
  aft__legal_terms(c, refund_by, window);
  if (any)
    return AFT_OK;
  aft__reason_add_first(&c->reasons, "refusal", "explain.case.no_units", NULL, 0);
  return aft__error(error, AFT_E_CHECK, "case.lines", "no unit of the order is free");
}

static aft_str freight_payer(const aft__case *c, const aft__eligible *e) {
  bool buyer = !e->freight.len || aft__str_eq(e->freight, aft__cstr("buyer"));
  if (!buyer)
    return aft__arena_dup(c->cmd->arena, e->freight);
  return aft__cstr(c->insured ? "insurer" : "buyer");
}

aft_status aft__case_bearer(aft__case *c, aft_str reason, aft__bearer *out, aft_error *error) {
  aft__eligible worst = {0};
  aft__facts facts;
  claims of = {.reason = reason, .at = aft__case_int(c, AFT__CASE_OPENED)};
  bool any = false;
  AFT__TRY(aft__case_facts(c, &facts, error));
  for (uint32_t i = 0; i < c->n_lines; i++) {
    aft__eligible one;
    if (aft__line_is_extra(c->lines[i].line))
      continue;
    judge_line(c, &c->lines[i], &of, &facts, &one);
    if (!any || one.verdict < worst.verdict)
      worst = one;
    any = true;
  }
  aft__reason_info info = {0};
  if (!worst.liable.len && aft__policy_reason(c->policy, reason, (aft_str){0}, &info)) {
    worst.liable = info.liable; /* of a reason that this kind of case does not take, too */
    worst.freight = aft__str_eq(info.liable, aft__cstr("buyer")) ? info.liable : aft__cstr("seller");
  }
  out->liable = aft__arena_dup(c->cmd->arena, worst.liable);
  out->freight = freight_payer(c, &worst);
  return AFT_OK;
}

static aft_status refused(aft__case *c, const aft__eligible *e, aft_error *error) {
  aft__buf text;
  aft__buf_init(&text, c->cmd->env);
  aft__reasons_render(c->cmd->policy, "en", aft__buf_view(&c->reasons), "eligibility", &text);
  aft_str why = aft__buf_view(&text);
  const char *end = why.len ? memchr(why.data, '\n', why.len) : NULL;
  size_t n = end ? (size_t)(end - why.data) : why.len;
  aft_status status = aft__error(error, AFT_E_INELIGIBLE, "case.reason", "%.*s (clause %.*s)", (int)n,
                                 why.data ? why.data : "", (int)e->clause.len, e->clause.data);
  aft__buf_done(&text);
  return status;
}

aft_status aft__case_judge(aft__case *c, const aft_case_in *in, aft_error *error) {
  aft__eligible e = {0};
  bool staff = c->cmd->call.role != AFT_ROLE_BUYER;
  if (aft__policy_has_cases(c->policy))
    AFT__TRY(aft__case_reason_check(c, in->reason, error));
  AFT__TRY(count_applications(c, error));
  AFT__TRY(judge_lines(c, in, &e, error));
  aft__case_set(c, AFT__CASE_IN_WINDOW, aft__int(e.in_window));
  if (e.exception.len)
    aft__case_set(c, AFT__CASE_EXCLUDED, aft__text(aft__arena_dup(c->cmd->arena, e.exception)));
  c->needs_person = e.verdict == AFT__DECISION_PERSON;
  if (e.verdict == AFT__DECISION_NO && !(staff && in->in_spite))
    return refused(c, &e, error);
  if (e.liable.len)
    aft__case_set(c, AFT__CASE_LIABLE, aft__text(aft__arena_dup(c->cmd->arena, e.liable)));
  AFT__TRY(aft__case_party_check(c, staff ? in->freight : (aft_str){0}, "case.freight", error));
  if (!in->freight.len || !staff)
    aft__case_set(c, AFT__CASE_FREIGHT, aft__text(freight_payer(c, &e)));
  return aft__case_deduct(c, error);
}

/* ---- exceptions ---- */

/* The exception that takes all goods of the case out of every window, by the condition that the event under
 * way tells of them and as of the filing; empty: none does, or nothing was told. */
static aft_str excluded_by(aft__case *c, const aft__facts *known, aft__buf *reasons) {
  aft__facts facts = *known;
  aft_str found = {0};
  if (!c->in || !c->in->n_lines)
    return found;
  claims of = {aft__case_str(c, AFT__CASE_REASON), c->in->lines, c->in->n_lines,
               aft__case_int(c, AFT__CASE_OPENED), reasons};
  for (uint32_t i = 0; i < c->n_lines; i++) {
    aft__eligible one;
    if (aft__line_is_extra(c->lines[i].line))
      continue;
    judge_line(c, &c->lines[i], &of, &facts, &one);
    if (!one.exception.len)
      return (aft_str){0};
    found = one.exception;
  }
  return found;
}

aft_status aft__case_rules(aft__case *c, aft__facts *facts, aft_error *error) {
  aft__rule_flags flags;
  aft__case_proven proof;
  AFT__TRY(aft__case_proof(c, facts->text[AFT__FACT_REASON], &proof, error));
  facts->number[AFT__FACT_PROVEN] = proof.whole || c->vouched;
  facts->number[AFT__FACT_FOLLOWS] = c->vouched;
  facts->number[AFT__FACT_IN_WINDOW] = aft__case_int(c, AFT__CASE_IN_WINDOW);
  facts->number[AFT__FACT_EXCLUDED] =
      !aft__row_null(c->row, AFT__CASE_EXCLUDED) ||
      (aft__case_is(c, AFT__CASE_GOODS, "held") && excluded_by(c, facts, NULL).len > 0);
  facts->number[AFT__FACT_GIFT_KEPT] = c->gift_kept;
  AFT__TRY(faults(c, facts, error));
  facts->number[AFT__FACT_OWED] = !aft__case_is(c, AFT__CASE_MONEY, "none");
  aft__policy_rules(c->policy, facts, &flags);
  facts->number[AFT__FACT_AUTO_OK] = flags.auto_ok && proof.whole && aft__exchange_priced(c) &&
                                     !c->needs_person && !aft__case_is(c, AFT__CASE_AUTHORITY, "external");
  facts->number[AFT__FACT_ADVANCE_OK] = flags.advance_ok;
  facts->number[AFT__FACT_RETURNLESS_OK] = flags.returnless_ok;
  facts->number[AFT__FACT_PAPERS_FIRST] =
      !aft__case_is(c, AFT__CASE_PAPERS, "issued") && aft__policy_papers_first(c->policy, facts);
  return AFT_OK;
}

aft_status aft__case_exclude(aft__case *c, aft_error *error) {
  aft__facts facts;
  AFT__TRY(aft__case_facts(c, &facts, error));
  aft_str exception = excluded_by(c, &facts, &c->reasons);
  bool told = exception.len > 0;
  aft__case_set(c, AFT__CASE_EXCLUDED,
                told ? aft__text(aft__arena_dup(c->cmd->arena, exception)) : c->row[AFT__CASE_EXCLUDED]);
  return AFT_OK;
}

aft_status aft__case_may_become(aft__case *c, aft_str kind, aft_error *error) {
  aft_case_in none = {.size = sizeof none, .kind = kind};
  aft__value before[AFT__CASE_COLUMNS];
  uint64_t mask = c->mask;
  aft__eligible e = {0};
  memcpy(before, c->row, sizeof before);
  c->row[AFT__CASE_KIND] = aft__text(kind);
  aft_status status = judge_lines(c, &none, &e, error);
  if (status >= 0 && e.verdict == AFT__DECISION_NO)
    status = refused(c, &e, error);
  memcpy(c->row, before, sizeof before);
  c->mask = mask;
  return status;
}
