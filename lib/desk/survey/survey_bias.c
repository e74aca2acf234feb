/* Whether those who answered are like those who were asked: the response rate of each group of customers
 * against that of all others. */
#include "desk/survey/survey_figures.h"

#define MOST_GROUPS 1000u /* of a grouping; what comes later is not compared */

static const struct {
  const char *name;
  uint32_t column;
} groupings[AFT__BIAS_GROUPINGS] = {{"category", AFT__SURVEY_CATEGORY},
                                    {"queue", AFT__SURVEY_QUEUE},
                                    {"channel", AFT__SURVEY_CHANNEL},
                                    {"tier", AFT__SURVEY_TIER},
                                    {"product", AFT__SURVEY_PRODUCT}};

void aft__bias_begin(aft__cmd *cmd, aft__survey_bias *bias) {
  *bias = (aft__survey_bias){0};
  for (uint32_t i = 0; i < AFT__BIAS_GROUPINGS; i++)
    aft__map_init(&bias->by[i].numbers, cmd->env);
}

void aft__bias_done(aft__survey_bias *bias) {
  for (uint32_t i = 0; i < AFT__BIAS_GROUPINGS; i++)
    aft__map_done(&bias->by[i].numbers);
}

aft_status aft__bias_count(aft__cmd *cmd, aft__survey_bias *bias, const aft__value *row, bool answered,
                           aft_error *error) {
  for (uint32_t i = 0; i < AFT__BIAS_GROUPINGS; i++) {
    aft__survey_group *g;
    AFT__TRY(
        aft__group_of(cmd, &bias->by[i], aft__row_str(row, groupings[i].column), MOST_GROUPS, &g, error));
    if (!g)
      continue;
    g->sent++;
    g->answered += answered;
  }
  return AFT_OK;
}

/* ---- comparing ---- */

typedef struct totals {
  uint64_t sent, answered;
} totals;

static totals sum_of(const aft__survey_groups *groups) {
  totals t = {0};
  for (uint32_t i = 0; i < groups->n; i++) {
    t.sent += groups->list[i].sent;
    t.answered += groups->list[i].answered;
  }
  return t;
}

/* Of two groups, the second says what the first did, the other way round. */
static bool compares(const aft__survey_groups *groups, uint32_t at, const totals *all) {
  const aft__survey_group *g = &groups->list[at];
  return g->sent >= AFT__FEW_ANSWERS && all->sent - g->sent >= AFT__FEW_ANSWERS &&
         !(groups->n == 2 && at == 1);
}

static uint32_t count_comparisons(const aft__survey_bias *bias) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < AFT__BIAS_GROUPINGS; i++) {
    totals all = sum_of(&bias->by[i]);
    for (uint32_t k = 0; k < bias->by[i].n; k++)
      n += compares(&bias->by[i], k, &all);
  }
  return n;
}

static void tell(aft__json *json, const char *by, const aft__survey_group *g, const totals *all,
                 const aft__interval *interval) {
  double rate = (double)g->answered / (double)g->sent;
  double rest = (double)(all->answered - g->answered) / (double)(all->sent - g->sent);
  aft__json_open(json, '{');
  aft__tell_key(json, "by", aft__cstr(by));
  aft__tell_key(json, "group", g->key);
  aft__tell_number(json, "sent", (int64_t)g->sent);
  aft__tell_number(json, "answered", (int64_t)g->answered);
  aft__tell_share(json, "response_rate", true, rate);
  aft__tell_share(json, "rest", true, rest);
  aft__tell_share(json, "difference", true, rate - rest);
  aft__tell_share(json, "from", true, interval->low);
  aft__tell_share(json, "to", true, interval->high);
  aft__json_close(json, '}');
}

static uint32_t tell_grouping(aft__json *json, uint32_t grouping, aft__survey_groups *groups,
                              uint32_t comparisons) {
  totals all = sum_of(groups);
  uint32_t n = 0;
  aft__groups_sort(groups);
  for (uint32_t i = 0; i < groups->n; i++) {
    const aft__survey_group *g = &groups->list[i];
    if (!compares(groups, i, &all))
      continue;
    aft__interval interval = aft__share_difference(g->answered, g->sent, all.answered - g->answered,
                                                   all.sent - g->sent, comparisons);
    if (interval.low <= 0 && interval.high >= 0)
      continue;
    tell(json, groupings[grouping].name, g, &all, &interval);
    n++;
  }
  return n;
}

void aft__bias_tell(aft__json *json, aft__survey_bias *bias, uint32_t *compared, uint32_t *differ) {
  *compared = count_comparisons(bias);
  *differ = 0;
  aft__json_open(json, '{');
  aft__tell_number(json, "compared", *compared);
  aft__json_key(json, "differ");
  aft__json_open(json, '[');
  for (uint32_t i = 0; *compared && i < AFT__BIAS_GROUPINGS; i++)
    *differ += tell_grouping(json, i, &bias->by[i], *compared);
  aft__json_close(json, ']');
  aft__json_close(json, '}');
}
