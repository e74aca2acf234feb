/* Figures of surveys: scores and their intervals against worked values, and against chance. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "random.h"
#include "value/value.h"

static void assert_near(double found, double expected, double within) {
  if (!(fabs(found - expected) <= within))
    fail_msg("expected %.6f, found %.6f", expected, found);
}

static double most(double value, double bound) { return value > bound ? bound : value; }

/* The project's worked values (survey_math.json, z = 1.959963984540054), with the digits given there. */
static void nps_is_as_worked_out(void **state) {
  static const struct {
    aft__tally t;
    double score, se, wald[2], adjusted[2];
  } worked[] = {
      {{100, 60, 15, 0}, 45, 7.3993, {30.4976, 59.5024}, {29.3431, 58.0355}},
      {{10, 5, 2, 0}, 30, 24.6982, {-18.4075, 78.4075}, {-19.0506, 65.2045}},
      {{1000, 400, 250, 0}, 15, 2.505, {10.0903, 19.9097}, {10.054, 19.8563}},
      {{10, 10, 0, 0}, 100, 0, {100, 100}, {47.5036, 106.3426}},
  };
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(worked); i++) {
    aft__score score;
    aft__interval wald = aft__nps_wald(&worked[i].t, 0), adjusted = aft__nps_adjusted_wald(&worked[i].t, 0);
    aft__score_of(AFT__SCORE_NPS, &worked[i].t, 0, &score);
    assert_near(score.value, worked[i].score, 1e-9);
    assert_near((wald.high - wald.low) / 2 / 1.959963984540054, worked[i].se, 5e-5);
    assert_near(wald.low, worked[i].wald[0], 5e-5);
    assert_near(wald.high, worked[i].wald[1], 5e-5);
    assert_near(adjusted.low, worked[i].adjusted[0], 5e-5);
    assert_near(adjusted.high, most(worked[i].adjusted[1], 100), 5e-5); /* no score is above 100 */
  }
}

static void wilson_is_as_worked_out(void **state) {
  static const struct {
    uint64_t k, n;
    double p, low, high;
  } worked[] = {{45, 50, 0.9, 0.786398, 0.956524},
                {9, 10, 0.9, 0.59585, 0.982124},
                {0, 10, 0.0, 0.0, 0.277533},
                {10, 10, 1.0, 0.722467, 1.0},
                {812, 1000, 0.812, 0.786607, 0.835005}};
  static const aft__score_kind shares[] = {AFT__SCORE_CSAT, AFT__SCORE_CES};
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(worked); i++)
    for (size_t k = 0; k < AFT__COUNT(shares); k++) {
      aft__score score;
      aft__tally t = {.n = worked[i].n, .good = worked[i].k};
      aft__score_of(shares[k], &t, 0, &score);
      assert_int_equal(score.method, AFT__METHOD_WILSON);
      assert_near(score.value, worked[i].p, 1e-9);
      assert_near(score.interval.low, worked[i].low, 5e-7);
      assert_near(score.interval.high, worked[i].high, 5e-7);
    }
}

/* Table II of Newcombe's paper of 1998, method 10, with the digits given there. */
static void differences_are_as_published(void **state) {
  static const struct {
    uint64_t a, m, b, n;
    double low, high;
  } worked[] = {{56, 70, 48, 80, 0.0524, 0.3339}, {9, 10, 3, 10, 0.1705, 0.8090},
                {6, 7, 2, 7, 0.0582, 0.8062},     {5, 56, 0, 29, -0.0381, 0.1926},
                {0, 10, 0, 20, -0.1611, 0.2775},  {0, 10, 0, 10, -0.2775, 0.2775},
                {10, 10, 0, 20, 0.6791, 1.0},     {10, 10, 0, 10, 0.6075, 1.0}};
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(worked); i++) {
    aft__interval one = aft__share_difference(worked[i].a, worked[i].m, worked[i].b, worked[i].n, 1);
    assert_near(one.low, worked[i].low, 6e-5);
    assert_near(one.high, worked[i].high, 6e-5);
    aft__interval of_ten = aft__share_difference(worked[i].a, worked[i].m, worked[i].b, worked[i].n, 10);
    assert_true(of_ten.low < one.low + 1e-12 && of_ten.high > one.high - 1e-12);
  }
}

static void few_or_one_sided_answers_are_adjusted(void **state) {
  static const struct {
    aft__tally t;
    aft__method method;
    bool few;
  } tallies[] = {{{29, 10, 10, 0}, AFT__METHOD_ADJUSTED_WALD, true},
                 {{30, 10, 10, 0}, AFT__METHOD_WALD, false},
                 {{500, 499, 0, 0}, AFT__METHOD_ADJUSTED_WALD, false},
                 {{500, 0, 1, 0}, AFT__METHOD_ADJUSTED_WALD, false},
                 {{0, 0, 0, 0}, AFT__METHOD_NONE, true}};
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(tallies); i++) {
    aft__score score;
    aft__score_of(AFT__SCORE_NPS, &tallies[i].t, 0, &score);
    assert_int_equal(score.method, tallies[i].method);
    assert_int_equal(score.few, tallies[i].few);
  }
}

static void answers_fall_where_their_scale_says(void **state) {
  static const struct {
    aft__score_kind kind;
    int64_t score;
    bool good, poor;
  } answers[] = {{AFT__SCORE_CSAT, 1, false, true},  {AFT__SCORE_CSAT, 2, false, true},
                 {AFT__SCORE_CSAT, 3, false, false}, {AFT__SCORE_CSAT, 4, true, false},
                 {AFT__SCORE_CSAT, 5, true, false},  {AFT__SCORE_NPS, 0, false, true},
                 {AFT__SCORE_NPS, 6, false, true},   {AFT__SCORE_NPS, 7, false, false},
                 {AFT__SCORE_NPS, 8, false, false},  {AFT__SCORE_NPS, 9, true, false},
                 {AFT__SCORE_NPS, 10, true, false},  {AFT__SCORE_CES, 1, false, true},
                 {AFT__SCORE_CES, 3, false, true},   {AFT__SCORE_CES, 4, false, false},
                 {AFT__SCORE_CES, 5, true, false},   {AFT__SCORE_CES, 7, true, false}};
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(answers); i++) {
    aft__tally t = {0};
    aft__tally_add(&t, answers[i].kind, answers[i].score);
    assert_true(t.n == 1 && t.sum == answers[i].score);
    assert_int_equal(t.good, answers[i].good);
    assert_int_equal(t.poor, answers[i].poor);
  }
}

static void the_mean_stands_beside(void **state) {
  aft__tally t = {0};
  aft__score score;
  (void)state;
  for (int i = 1; i <= 5; i++)
    aft__tally_add(&t, AFT__SCORE_CSAT, i);
  aft__score_of(AFT__SCORE_CSAT, &t, 0, &score);
  assert_near(score.mean, 3, 1e-9);
  assert_near(score.value, 0.4, 1e-9);
}

static void scales_go_by_name(void **state) {
  aft__score_kind kind;
  (void)state;
  for (int i = 0; i < AFT__SCORES; i++) {
    assert_true(aft__score_find(aft__cstr(aft__scales[i].name), &kind));
    assert_int_equal(kind, i);
  }
  assert_false(aft__score_find(aft__cstr("stars"), &kind));
}

/* sqrt((N - n) / (N - 1)), by which an interval shrinks: to nothing where everybody answered. */
static void a_finite_population_narrows(void **state) {
  static const aft__tally t = {100, 60, 15, 0};
  (void)state;
  assert_near(aft__finite_population(100, 0), 1, 1e-12);
  assert_near(aft__finite_population(100, 100), 0, 1e-12);
  assert_near(aft__finite_population(1, 1), 0, 1e-12);
  assert_near(aft__finite_population(100, 200), sqrt(100.0 / 199.0), 1e-12);
  aft__interval all = aft__nps_wald(&t, 100), half = aft__nps_wald(&t, 200);
  assert_near(all.low, 45, 1e-9);
  assert_near(all.high, 45, 1e-9);
  assert_near(half.low, 45 - 14.5024 * sqrt(100.0 / 199.0), 1e-4);
  aft__interval share = aft__wilson(45, 50, 50), narrow = aft__wilson(45, 50, 100),
                wide = aft__wilson(45, 50, 0);
  assert_near(share.low, 0.9, 1e-9);
  assert_near(share.high, 0.9, 1e-9);
  assert_true(narrow.low > wide.low && narrow.high < wide.high);
}

/* How often an interval holds the truth that the answers were drawn from. */
static double share_held(uint64_t *seed, aft__score_kind kind, uint32_t n, double good, double poor) {
  uint32_t held = 0, runs = 4000;
  double truth = kind == AFT__SCORE_NPS ? 100 * (good - poor) : good;
  for (uint32_t i = 0; i < runs; i++) {
    aft__tally t = {.n = n};
    aft__score score;
    for (uint32_t k = 0; k < n; k++) {
      double at = (double)(draw(seed) % 1000000) / 1e6;
      t.good += at < good;
      t.poor += at >= 1 - poor;
    }
    aft__score_of(kind, &t, 0, &score);
    held += score.interval.low <= truth && truth <= score.interval.high;
  }
  return (double)held / runs;
}

static void intervals_hold_the_truth_as_often_as_they_say(void **state) {
  static const struct {
    aft__score_kind kind;
    uint32_t n;
    double good, poor;
  } worlds[] = {{AFT__SCORE_CSAT, 10, 0.9, 0.05}, {AFT__SCORE_CSAT, 200, 0.8, 0.1},
                {AFT__SCORE_NPS, 12, 0.5, 0.2},   {AFT__SCORE_NPS, 12, 0.95, 0.01},
                {AFT__SCORE_NPS, 150, 0.4, 0.25}, {AFT__SCORE_CES, 40, 0.7, 0.1}};
  uint64_t seed = seed_of("intervals_hold_the_truth_as_often_as_they_say");
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(worlds); i++) {
    double held = share_held(&seed, worlds[i].kind, worlds[i].n, worlds[i].good, worlds[i].poor);
    print_message("# %s of %u answers: %.3f of the intervals hold the truth\n",
                  aft__scales[worlds[i].kind].name, worlds[i].n, held);
    assert_true(held > 0.9); /* the first comes to 0.930 */
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nps_is_as_worked_out),
      cmocka_unit_test(wilson_is_as_worked_out),
      cmocka_unit_test(differences_are_as_published),
      cmocka_unit_test(few_or_one_sided_answers_are_adjusted),
      cmocka_unit_test(answers_fall_where_their_scale_says),
      cmocka_unit_test(the_mean_stands_beside),
      cmocka_unit_test(scales_go_by_name),
      cmocka_unit_test(a_finite_population_narrows),
      cmocka_unit_test(intervals_hold_the_truth_as_often_as_they_say),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
