/* The tags and attributes that conditions of the policy ask for, as facts. Most policies ask for none, and
 * nothing is read then. */
#include "desk/label/label_priv.h"

typedef struct gathering {
  aft__arena *arena;
  aft__label *list;
  uint32_t n, cap;
  uint32_t fact;
} gathering;

static aft_status gather(gathering *g, aft__label label, aft_error *error) {
  if (g->n == g->cap) {
    uint32_t cap = g->cap ? g->cap * 2 : 16;
    aft__label *list = aft__arena_alloc(g->arena, cap * sizeof *list);
    if (!list)
      return aft__nomem(error);
    if (g->n)
      memcpy(list, g->list, g->n * sizeof *list);
    g->list = list;
    g->cap = cap;
  }
  g->list[g->n++] = label;
  return AFT_OK;
}

static aft_status keep(gathering *g, aft_str *text, aft_error *error) {
  if (!text->data)
    return AFT_OK;
  *text = aft__arena_dup(g->arena, *text);
  return text->data ? AFT_OK : aft__nomem(error);
}

static aft_status see_tag(void *user, const aft__value *row, aft_error *error) {
  gathering *g = user;
  aft__label label = {.fact = g->fact, .name = aft__cstr(""), .text = aft__row_str(row, AFT__TAG_TAG)};
  AFT__TRY(keep(g, &label.text, error));
  return gather(g, label, error);
}

static aft_status see_attribute(void *user, const aft__value *row, aft_error *error) {
  gathering *g = user;
  aft__label label = {.fact = g->fact,
                      .name = aft__row_str(row, AFT__ATTRIBUTE_NAME),
                      .text = aft__row_str(row, AFT__ATTRIBUTE_TEXT),
                      .key = aft__row_int(row, AFT__ATTRIBUTE_KEY)};
  AFT__TRY(keep(g, &label.name, error));
  AFT__TRY(keep(g, &label.text, error));
  return gather(g, label, error);
}

aft_status aft__labels_of(aft__cmd *cmd, const aft_policy *policy, const aft__label_owners *of,
                          aft__facts *facts, aft_error *error) {
  const struct {
    uint32_t fact;
    const aft__table *table;
    uint32_t index;
    aft__row_fn see;
    aft_id subject;
  } sources[] = {
      {AFT__FACT_TAG, &aft__tag_table, AFT__TAG_BY_SUBJECT, see_tag, of->ticket},
      {AFT__FACT_CUSTOMER_TAG, &aft__tag_table, AFT__TAG_BY_SUBJECT, see_tag, of->customer},
      {AFT__FACT_ORDER_TAG, &aft__tag_table, AFT__TAG_BY_SUBJECT, see_tag, of->order},
      {AFT__FACT_ATTRIBUTE, &aft__attribute_table, AFT__ATTRIBUTE_BY_SUBJECT, see_attribute, of->ticket},
      {AFT__FACT_CUSTOMER_ATTRIBUTE, &aft__attribute_table, AFT__ATTRIBUTE_BY_SUBJECT, see_attribute,
       of->customer},
      {AFT__FACT_ORDER_ATTRIBUTE, &aft__attribute_table, AFT__ATTRIBUTE_BY_SUBJECT, see_attribute, of->order},
  };
  gathering g = {.arena = cmd->arena};
  uint64_t tests = aft__policy_tests(policy);
  for (size_t i = 0; i < AFT__COUNT(sources); i++) {
    if (!(tests & aft__fact_bit((aft__fact_id)sources[i].fact)) || !sources[i].subject)
      continue;
    aft__scan scan = {.table = sources[i].table,
                      .index = sources[i].index,
                      .n_equal = 2,
                      .equal = {aft__int(cmd->call.tenant), aft__int(sources[i].subject)}};
    g.fact = sources[i].fact;
    AFT__TRY(aft__scan_each(cmd->tx, &scan, sources[i].see, &g, error));
  }
  facts->labels = g.list;
  facts->n_labels = g.n;
  return AFT_OK;
}
