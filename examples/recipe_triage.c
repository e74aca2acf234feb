/* Recipe: what a message is about, without a store; and a model of your own beside the rules. */
#include "recipe.h"

#include <stdbool.h>

/* recipe: read */
static void show(const aft_triage *t) {
  bool unsure = aft_triage_number(t, AFT_TRIAGE_UNSURE) != 0;
  printf("%s/%s %s, %s, %s", aft_triage_text(t, AFT_TRIAGE_GUESS), aft_triage_text(t, AFT_TRIAGE_TOPIC),
         unsure ? "unsure" : "sure", aft_triage_text(t, AFT_TRIAGE_ACT),
         aft_triage_text(t, AFT_TRIAGE_PRIORITY));
  for (size_t i = 0; i < aft_triage_stated_count(t); i++)
    printf(", %s", aft_triage_stated_text(t, i, AFT_STATED_VALUE));
  putchar('\n');
}
/* end */

/* recipe: run */
static void read_message(const aft_policy *policy, const char *text, const char *order_state) {
  aft_error error = AFT_ERROR_INIT;
  aft_triage *t;
  aft_triage_in in = {.size = sizeof in, .text = AFT_STR(text), .order_state = AFT_STR(order_state)};
  must(aft_triage_run(policy, &in, &t, &error), &error);
  show(t);
  aft_triage_free(t);
}
/* end */

/* recipe: model */
static void read_with_model(const aft_policy *policy, const char *text) {
  aft_error error = AFT_ERROR_INIT;
  aft_triage *t;
  aft_triage_score scores[] = {
      {.size = sizeof scores[0], .category = AFT_STR("return_refund"), .ppm = 910000},
      {.size = sizeof scores[0], .category = AFT_STR("quality"), .ppm = 60000}}; /* what your model says */
  aft_triage_in in = {.size = sizeof in, .text = AFT_STR(text), .scores = scores, .n_scores = 2};
  must(aft_triage_run(policy, &in, &t, &error), &error);
  show(t);
  aft_triage_free(t);
}
/* end */

int main(void) {
  aft_error error = AFT_ERROR_INIT;
  aft_env *env;
  aft_policy *policy;
  must(aft_env_new(NULL, &env, &error), &error);
  must(aft_policy_default(env, &policy, &error), &error);
  read_message(policy, "refund order no. 2026-1187 please", "paid");
  read_message(policy, "refund order no. 2026-1187 please", "delivered");
  read_with_model(policy, "返品したいのですが");
  aft_policy_unref(policy);
  aft_env_unref(env);
  return 0;
}
