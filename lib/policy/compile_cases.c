/* Compiling the section `cases`: reasons, clauses, rules and what is a plain value. */
#include "policy/policy_priv.h"

#include <stdlib.h>

const char *const aft__decisions[AFT__DECISIONS + 1] = {"no", "person", "yes", NULL};
const char *const aft__extra_rules[AFT__EXTRAS + 1] = {"deduct", "person", "ignore", NULL};

aft__names aft__compile_names(aft__compile *cx, const aft__node *map, const char *key, const aft__node *known,
                              const char *what) {
  const aft__node *list = aft__node_get(map, key);
  aft__names names = {aft__compile_count(cx, AFT__SECTION_CHOICES), 0};
  for (uint32_t i = 0; list && list->kind == AFT__NODE_LIST && i < list->count; i++) {
    const aft__node *name = list->items[i].value;
    uint32_t text = aft__compile_text(cx, name->text);
    if (known && known->kind == AFT__NODE_MAP && name->text.len > 0 && !aft__node_get(known, name->text.data))
      aft__fault_node(cx->faults, AFT_E_POLICY, name, "the policy has no %s '%.*s'%s", what,
                      (int)aft__utf8_cut(name->text, 60), name->text.data,
                      aft__did_you_mean(cx->faults, name->text, known->items, known->count, aft__item_key));
    aft__compile_add(cx, AFT__SECTION_CHOICES, &text);
    names.count++;
  }
  return names;
}

/* A shop may take away the machine of one of these; what names it is then merely idle. */
static const char *const usual_kinds[] = {
    "return",           "exchange", "refund",      "reissue", "freight", "goodwill", "withdrawal",
    "price_protection", "repair",   "undelivered", "claim",   "dispute", "recourse"};

static void check_kind(aft__compile *cx, const aft__node *at, aft_str name) {
  const aft__node *machines = aft__node_get(cx->root, "machines");
  bool listed = machines && machines->kind == AFT__NODE_MAP;
  for (size_t i = 0; i < AFT__COUNT(usual_kinds); i++)
    if (aft__str_eq(name, aft__cstr(usual_kinds[i])))
      return;
  if (name.len == 0 || (listed && aft__node_get(machines, name.data)))
    return;
  aft__fault_node(
      cx->faults, AFT_E_POLICY, at, "the policy has no kind of case '%.*s'%s", (int)aft__utf8_cut(name, 60),
      name.data,
      listed ? aft__did_you_mean(cx->faults, name, machines->items, machines->count, aft__item_key) : "");
}

static void check_kinds(aft__compile *cx, const aft__node *map, const char *key) {
  const aft__node *list = aft__node_get(map, key);
  for (uint32_t i = 0; list && list->kind == AFT__NODE_LIST && i < list->count; i++)
    check_kind(cx, list->items[i].value, list->items[i].value->text);
}

aft__names aft__compile_kinds(aft__compile *cx, const aft__node *map) {
  check_kinds(cx, map, "kinds");
  return aft__compile_names(cx, map, "kinds", NULL, "kind");
}

uint32_t aft__compile_when(aft__compile *cx, const aft__node *map) {
  const aft__node *when = aft__node_get(map, "when");
  return when ? aft__compile_condition(cx, when) : AFT__FLOW_NONE;
}

static uint32_t choice_of(const aft__node *map, const char *key, const char *const *choices, uint32_t usual) {
  const aft__node *node = aft__node_get(map, key);
  for (uint32_t i = 0; node && choices[i]; i++)
    if (aft__str_eq(node->text, aft__cstr(choices[i])))
      return i;
  return usual;
}

static int64_t whole_of(const aft__node *map, const char *key, int64_t usual) {
  int64_t n = 0;
  return aft__node_int(aft__node_get(map, key), &n) ? n : usual;
}

static int64_t span_of(const aft__node *map, const char *key, int64_t usual) {
  const aft__node *node = aft__node_get(map, key);
  int64_t ms = 0;
  bool fits = node && node->kind == AFT__NODE_TEXT && aft__duration_parse(node->text, &ms, NULL) >= 0;
  return fits && ms > 0 ? ms : usual;
}

static bool is_set(const aft__node *map, const char *key) {
  bool value = false;
  return aft__node_bool(aft__node_get(map, key), &value) && value;
}

static const aft__node *map_of(const aft__node *map, const char *key) {
  const aft__node *node = aft__node_get(map, key);
  return node && node->kind == AFT__NODE_MAP ? node : NULL;
}

/* ---- reasons, clauses, rules ---- */

static void compile_reason(aft__compile *cx, const aft__item *item) {
  const aft__node *liable = aft__node_get(item->value, "liable");
  aft__case_reason reason = {.name = aft__compile_text(cx, item->key)};
  reason.liable = liable ? aft__compile_text(cx, liable->text) : 0;
  reason.kinds = aft__compile_kinds(cx, item->value);
  reason.evidence = aft__compile_names(cx, item->value, "evidence", NULL, "evidence");
  bool undelivered = false;
  if (aft__node_bool(aft__node_get(item->value, "undelivered"), &undelivered))
    reason.undelivered = undelivered;
  if (reason.evidence.count > AFT__MOST_REQUIRED)
    aft__fault_node(cx->faults, AFT_E_POLICY_LIMIT, item->value,
                    "a reason asks for at most %u kinds of evidence, found %u", AFT__MOST_REQUIRED,
                    reason.evidence.count);
  aft__compile_add(cx, AFT__SECTION_REASONS, &reason);
}

static void compile_clause(aft__compile *cx, const aft__item *item) {
  aft__clause clause = {.name = aft__compile_text(cx, item->key)};
  clause.condition = aft__compile_when(cx, item->value);
  clause.kinds = aft__compile_kinds(cx, item->value);
  clause.order = (int32_t)whole_of(item->value, "order", 0);
  clause.verdict = choice_of(item->value, "verdict", aft__decisions, AFT__DECISION_PERSON);
  clause.statutory = is_set(item->value, "statutory");
  aft__compile_add(cx, AFT__SECTION_CLAUSES, &clause);
}

static void compile_rule(aft__compile *cx, const aft__item *item) {
  aft__case_rule rule = {.name = aft__compile_text(cx, item->key)};
  rule.condition = aft__compile_when(cx, item->value);
  rule.order = (int32_t)whole_of(item->value, "order", 0);
  rule.flags = (is_set(item->value, "auto_ok") ? AFT__CASE_RULE_AUTO : 0) |
               (is_set(item->value, "advance_ok") ? AFT__CASE_RULE_ADVANCE : 0) |
               (is_set(item->value, "returnless_ok") ? AFT__CASE_RULE_RETURNLESS : 0);
  aft__compile_add(cx, AFT__SECTION_CASE_RULES, &rule);
}

static void each(aft__compile *cx, const aft__node *cases, const char *key,
                 void (*compile)(aft__compile *, const aft__item *)) {
  const aft__node *map = map_of(cases, key);
  size_t section = aft__path_push(cx->faults, aft__cstr(key));
  for (uint32_t i = 0; map && i < map->count; i++) {
    size_t mark = aft__path_push(cx->faults, map->items[i].key);
    compile(cx, &map->items[i]);
    aft__path_pop(cx->faults, mark);
  }
  aft__path_pop(cx->faults, section);
}

static int clause_order(const void *a, const void *b) {
  const aft__clause *x = a, *y = b;
  return x->order < y->order ? -1 : x->order > y->order;
}
static int rule_order(const void *a, const void *b) {
  const aft__case_rule *x = a, *y = b;
  return x->order < y->order ? -1 : x->order > y->order;
}

/* Two of one order would be asked in an order that nobody chose. */
static void sort(aft__compile *cx, const aft__node *map, aft__section_id id) {
  uint32_t n = aft__compile_count(cx, id);
  void *data = cx->section[id].data;
  if (n < 2)
    return;
  qsort(data, n, aft__section_item(id), id == AFT__SECTION_CLAUSES ? clause_order : rule_order);
  for (uint32_t i = 1; i < n; i++) {
    int32_t before = id == AFT__SECTION_CLAUSES ? ((aft__clause *)data)[i - 1].order
                                                : ((aft__case_rule *)data)[i - 1].order;
    int32_t order =
        id == AFT__SECTION_CLAUSES ? ((aft__clause *)data)[i].order : ((aft__case_rule *)data)[i].order;
    if (order == before)
      aft__fault_node(cx->faults, AFT_E_POLICY, map, "two entries have the order %d", (int)order);
  }
}

/* ---- plain values ---- */

static void add(aft__compile *cx, aft__pair pair) { aft__compile_add(cx, AFT__SECTION_PAIRS, &pair); }

static void add_names(aft__compile *cx, const aft__node *map, const char *key, aft__pair_list list,
                      uint32_t most) {
  const aft__node *names = aft__node_get(map, key);
  if (!names || names->kind != AFT__NODE_LIST)
    return;
  if (names->count > most)
    aft__fault_node(cx->faults, AFT_E_POLICY_LIMIT, names, "%s has at most %u entries, found %u", key, most,
                    names->count);
  for (uint32_t i = 0; i < names->count; i++)
    add(cx, (aft__pair){.list = list,
                        .key = aft__compile_text(cx, names->items[i].value->text),
                        .condition = AFT__FLOW_NONE});
}

static void compile_offer(aft__compile *cx, const aft__item *item) {
  const aft__node *kind = aft__node_get(item->value, "kind"), *reason = aft__node_get(item->value, "reason");
  aft__pair offer = {.list = AFT__PAIRS_OFFER, .key = aft__compile_text(cx, item->key)};
  offer.condition = aft__compile_when(cx, item->value);
  offer.kind = kind ? aft__compile_text(cx, kind->text) : 0;
  offer.value = reason ? aft__compile_text(cx, reason->text) : 0;
  if (kind && !aft__node_get(map_of(cx->root, "machines"), kind->text.data))
    aft__fault_node(cx->faults, AFT_E_POLICY, kind, "the policy has no kind of case '%.*s'",
                    (int)aft__utf8_cut(kind->text, 60), kind->text.data);
  if (reason && !aft__node_get(map_of(map_of(cx->root, "cases"), "reasons"), reason->text.data))
    aft__fault_node(cx->faults, AFT_E_POLICY, reason, "the policy has no reason '%.*s'",
                    (int)aft__utf8_cut(reason->text, 60), reason->text.data);
  add(cx, offer);
}

static void add_texts(aft__compile *cx, const aft__node *map, aft__pair_list list) {
  for (uint32_t i = 0; map && i < map->count; i++)
    add(cx, (aft__pair){.list = list,
                        .key = aft__compile_text(cx, map->items[i].key),
                        .value = aft__compile_text(cx, map->items[i].value->text),
                        .condition = AFT__FLOW_NONE});
}

/* A currency that nobody writes so would never be found. */
static void check_currency(aft__compile *cx, const aft__item *item) {
  aft_money money;
  if (aft__money_make(0, item->key, &money, NULL) < 0)
    aft__fault_key(cx->faults, AFT_E_POLICY, item, "expected a currency such as CNY, found '%.*s'",
                   (int)aft__utf8_cut(item->key, 60), item->key.data);
}

static void add_amounts(aft__compile *cx, const aft__node *map, aft__pair_list list, uint32_t key) {
  for (uint32_t i = 0; map && i < map->count; i++) {
    uint32_t currency = aft__compile_text(cx, map->items[i].key);
    int64_t n = 0;
    check_currency(cx, &map->items[i]);
    aft__node_int(map->items[i].value, &n);
    add(cx, (aft__pair){.list = list,
                        .key = key ? key : currency,
                        .other = key ? currency : 0,
                        .number = n,
                        .condition = AFT__FLOW_NONE});
  }
}

static void add_funders(aft__compile *cx, const aft__node *funders) {
  for (uint32_t i = 0; funders && i < funders->count; i++) {
    const aft__node *map = funders->items[i].value;
    uint32_t funder = aft__compile_text(cx, funders->items[i].key);
    add(cx, (aft__pair){.list = AFT__PAIRS_PERMILLE,
                        .key = funder,
                        .number = whole_of(map, "permille", 1000),
                        .condition = AFT__FLOW_NONE});
    add_amounts(cx, map_of(map, "most"), AFT__PAIRS_CEILING, funder);
  }
}

static void add_conditions(aft__compile *cx, const aft__node *money, const char *key, aft__pair_list list) {
  const aft__node *rules = aft__node_get(money, key);
  for (uint32_t i = 0; rules && rules->kind == AFT__NODE_LIST && i < rules->count; i++) {
    static const char *const papers[] = {"goes", "waits", NULL};
    const aft__node *map = rules->items[i].value;
    int64_t n = list == AFT__PAIRS_RESTOCKING ? whole_of(map, "permille", 0)
                : list == AFT__PAIRS_PAPERS   ? choice_of(map, "money", papers, 0)
                                              : choice_of(map, "give", aft__gives, 0);
    add(cx, (aft__pair){.list = list, .number = n, .condition = aft__compile_when(cx, map)});
  }
}

static void add_freight_back(aft__compile *cx, const aft__node *money) {
  const aft__node *rules = aft__node_get(money, "freight_back");
  for (uint32_t i = 0; rules && rules->kind == AFT__NODE_LIST && i < rules->count; i++) {
    const aft__node *map = rules->items[i].value, *payer = aft__node_get(map, "payer");
    if (payer && payer->kind == AFT__NODE_TEXT)
      add(cx, (aft__pair){.list = AFT__PAIRS_FREIGHT_BACK,
                          .key = aft__compile_text(cx, payer->text),
                          .condition = aft__compile_when(cx, map)});
  }
}

static void add_arrivals(aft__compile *cx, const aft__node *map) {
  for (uint32_t i = 0; map && i < map->count; i++) {
    uint32_t n = 0;
    aft__span_unit unit = AFT__SPAN_DAYS;
    aft__span_parse(map->items[i].value->text, &n, &unit);
    add(cx, (aft__pair){.list = AFT__PAIRS_ARRIVES,
                        .key = aft__compile_text(cx, map->items[i].key),
                        .number = n,
                        .unit = (uint32_t)unit,
                        .condition = AFT__FLOW_NONE});
  }
}

static void check_releases(aft__compile *cx, const aft__node *release) {
  for (uint32_t i = 0; release && i < release->count; i++)
    if (!aft__str_eq(release->items[i].key, aft__cstr("default")))
      check_kind(cx, release->items[i].value, release->items[i].key);
}

static void compile_money(aft__compile *cx, const aft__node *money) {
  add_names(cx, money, "instruments", AFT__PAIRS_INSTRUMENT, AFT__MOST_INSTRUMENTS);
  check_releases(cx, map_of(money, "release"));
  add_texts(cx, map_of(money, "release"), AFT__PAIRS_RELEASE);
  add_funders(cx, map_of(money, "compensation"));
  add_conditions(cx, money, "restocking", AFT__PAIRS_RESTOCKING);
  add_conditions(cx, money, "freight_out", AFT__PAIRS_FREIGHT_OUT);
  add_conditions(cx, money, "duty_out", AFT__PAIRS_DUTY_OUT);
  add_freight_back(cx, money);
  add_conditions(cx, money, "papers_first", AFT__PAIRS_PAPERS);
  add_amounts(cx, map_of(money, "freight_most"), AFT__PAIRS_FREIGHT_MOST, 0);
  add_arrivals(cx, map_of(money, "arrives"));
}

static void risk_of(const aft__node *risk, const char *key, int64_t *cases, int64_t *within) {
  const aft__node *map = map_of(risk, key);
  *cases = whole_of(map, "cases", 0);
  *within = span_of(map, "within", 365 * AFT__DAY);
}

static void check_states(aft__compile *cx, const aft__node *list) {
  const aft__node *machines = map_of(cx->root, "machines");
  for (uint32_t i = 0; list && list->kind == AFT__NODE_LIST && i < list->count; i++) {
    const aft__node *name = list->items[i].value;
    bool known = false;
    for (uint32_t m = 0; name->text.len && machines && m < machines->count; m++)
      known |= aft__node_get(aft__node_get(machines->items[m].value, "states"), name->text.data) != NULL;
    if (!known)
      aft__fault_node(cx->faults, AFT_E_POLICY, name, "no machine has a state '%.*s'",
                      (int)aft__utf8_cut(name->text, 60), name->text.len ? name->text.data : "");
  }
}

static void compile_season(aft__compile *cx, const aft__node *season, aft__case_settings *s) {
  const aft__node *name = aft__node_get(season, "name");
  if (!season || !name || name->kind != AFT__NODE_TEXT)
    return;
  size_t mark = aft__path_push(cx->faults, aft__cstr("season"));
  s->season = aft__compile_text(cx, name->text);
  s->season_ms = span_of(season, "by", AFT__DAY);
  s->season_kinds = aft__compile_kinds(cx, season);
  s->season_states = aft__compile_names(cx, season, "states", NULL, "state");
  check_states(cx, aft__node_get(season, "states"));
  aft__path_pop(cx->faults, mark);
}

static void compile_settings(aft__compile *cx, const aft__node *cases) {
  static const char *const fulls[] = {"keep", "give_back", NULL}, *const parts[] = {"keep", "share", NULL};
  const aft__node *money = map_of(cases, "money"), *evidence = map_of(cases, "evidence");
  const aft__node *risk = map_of(cases, "risk"), *coupons = map_of(money, "coupons");
  const aft__node *instrument = aft__node_get(money, "compensation_instrument");
  aft__case_settings s = {0};
  s.reconcile_ms = span_of(money, "reconcile", AFT__DAY);
  s.retries = whole_of(money, "retries", 3);
  s.rounds = whole_of(map_of(cases, "negotiation"), "rounds", 2);
  s.most_bytes = whole_of(evidence, "most_bytes", 10000000);
  s.most_pieces = whole_of(evidence, "most_pieces", 20);
  s.quota_bytes = whole_of(evidence, "quota_bytes", 100000000);
  s.retention_ms = span_of(evidence, "retention", 3 * 365 * AFT__DAY);
  risk_of(risk, "serial_returner", &s.serial_cases, &s.serial_within_ms);
  risk_of(risk, "empty_box", &s.empty_cases, &s.empty_within_ms);
  risk_of(risk, "reason_drift", &s.drift_cases, &s.drift_within_ms);
  s.waybill_reuse = whole_of(risk, "waybill_reuse", 0);
  s.evidence_reuse = whole_of(risk, "evidence_reuse", 0);
  s.link_ms = span_of(map_of(cases, "links"), "lifetime", 7 * AFT__DAY);
  s.compensation_instrument =
      aft__compile_text(cx, instrument ? instrument->text : aft__cstr("store_credit"));
  s.coupon_full = choice_of(coupons, "full", fulls, 0);
  s.coupon_part = choice_of(coupons, "part", parts, 0);
  s.points_spent = choice_of(money, "points_spent", aft__extra_rules, AFT__EXTRA_PERSON);
  s.gift_kept = choice_of(money, "gift_kept", aft__extra_rules, AFT__EXTRA_PERSON);
  s.calendar = aft__compile_calendar_ref(cx, cases, "calendar");
  compile_season(cx, map_of(cases, "season"), &s);
  aft__compile_add(cx, AFT__SECTION_CASES, &s);
}

void aft__compile_cases(aft__compile *cx) {
  const aft__node *cases = map_of(cx->root, "cases"), *evidence = map_of(cases, "evidence");
  if (!cases)
    return;
  size_t section = aft__path_push(cx->faults, aft__cstr("cases"));
  each(cx, cases, "reasons", compile_reason);
  aft__compile_windows(cx, cases);
  each(cx, cases, "decide", compile_clause);
  each(cx, cases, "rules", compile_rule);
  each(cx, cases, "offers", compile_offer);
  sort(cx, map_of(cases, "decide"), AFT__SECTION_CLAUSES);
  sort(cx, map_of(cases, "rules"), AFT__SECTION_CASE_RULES);
  check_kinds(cx, cases, "always");
  add_names(cx, cases, "always", AFT__PAIRS_ALWAYS, 32);
  compile_money(cx, map_of(cases, "money"));
  add_names(cx, evidence, "types", AFT__PAIRS_TYPE, AFT__MOST_TYPES);
  add_texts(cx, map_of(cases, "addresses"), AFT__PAIRS_ADDRESS);
  aft__compile_platforms(cx, cases);
  compile_settings(cx, cases);
  aft__path_pop(cx->faults, section);
}
