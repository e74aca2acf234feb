/* What goes back, to the minor unit: shares of units against arithmetic of 128 bits, and the split over
 * payments. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "policy/refund_split.h"
#include "random.h"
#include "value/value.h"

__extension__ typedef __int128 wide;

/* Of every magnitude from least on, and often at the end of the range. */
static int64_t draw_from(uint64_t *seed, int64_t least) {
  int64_t number = draw(seed) % 8 == 0 ? INT64_MAX - (int64_t)(draw(seed) % 3)
                                       : (int64_t)(draw(seed) >> 1 >> draw(seed) % 63);
  return number < least ? least : number;
}

static int64_t upto(int64_t total, int64_t units, int64_t n) { return (int64_t)((wide)total * n / units); }

/* ---- shares of units ---- */

static void a_share_is_what_128_bits_say(void **state) {
  (void)state;
  uint64_t seed = seed_of("a_share_is_what_128_bits_say");
  for (int i = 0; i < 300000; i++) {
    int64_t total = draw_from(&seed, 0), units = draw_from(&seed, 1);
    int64_t from = (int64_t)(draw(&seed) % (uint64_t)units);
    int64_t n = (int64_t)(draw(&seed) % ((uint64_t)(units - from) + 1));
    int64_t expected = upto(total, units, from + n) - upto(total, units, from);
    if (aft__share_of(total, units, from, n) != expected)
      fail_msg("share of %lld over %lld from %lld, %lld units: expected %lld", (long long)total,
               (long long)units, (long long)from, (long long)n, (long long)expected);
  }
}

/* Units come back in parts of any size: the last one closes to zero, and no cut changes the sum. */
static void parts_sum_to_the_whole_however_they_are_cut(void **state) {
  (void)state;
  uint64_t seed = seed_of("parts_sum_to_the_whole_however_they_are_cut");
  for (int i = 0; i < 20000; i++) {
    int64_t total = draw_from(&seed, 0), units = draw_from(&seed, 1), left = total, at = 0;
    for (int part = 0; at < units; part++) {
      int64_t n = part == 9 ? units - at : 1 + (int64_t)(draw(&seed) % (uint64_t)(units - at));
      int64_t share = aft__share_of(total, units, at, n);
      assert_true(share >= 0 && share <= left);
      left -= share;
      at += n;
    }
    assert_int_equal(left, 0);
  }
}

/* The same units give the same money, whoever asked before. */
static void single_units_add_up_to_any_group_of_them(void **state) {
  (void)state;
  uint64_t seed = seed_of("single_units_add_up_to_any_group_of_them");
  for (int i = 0; i < 5000; i++) {
    int64_t total = draw_from(&seed, 0), units = 1 + below(&seed, 40), sum = 0;
    int64_t from = below(&seed, (uint32_t)units), n = below(&seed, (uint32_t)(units - from) + 1);
    for (int64_t unit = 0; unit < n; unit++)
      sum += aft__share_of(total, units, from + unit, 1);
    assert_int_equal(sum, aft__share_of(total, units, from, n));
  }
}

static void the_ends_of_the_range_hold(void **state) {
  (void)state;
  assert_int_equal(aft__share_of(10000, 3, 0, 1), 3333);
  assert_int_equal(aft__share_of(10000, 3, 2, 1), 3334);
  assert_int_equal(aft__share_of(0, 7, 0, 7), 0);
  assert_int_equal(aft__share_of(5, INT64_MAX, 0, INT64_MAX), 5);
  assert_int_equal(aft__share_of(INT64_MAX, INT64_MAX, 17, 4), 4);
  assert_int_equal(aft__share_of(INT64_MAX, 1, 0, 1), INT64_MAX);
  assert_int_equal(aft__share_of(INT64_MAX, INT64_MAX, INT64_MAX - 1, INT64_MAX), 1);
  assert_int_equal(aft__share_of(100, 4, 4, 1), 0);
  assert_int_equal(aft__share_of(100, 4, 0, 0), 0);
}

/* ---- over payments ---- */

static void a_refund_takes_payments_by_rank(void **state) {
  (void)state;
  aft__refund_source s[] = {{.available = 100, .refunds_left = -1, .open = true, .rank = 2},
                            {.available = 50, .refunds_left = 3, .open = true, .rank = 1},
                            {.available = 70, .refunds_left = -1, .open = true, .rank = 2}};
  aft__refund_split split = aft__refund_split_of(160, s, 3);
  assert_int_equal(s[1].part, 50);
  assert_int_equal(s[0].part, 100);
  assert_int_equal(s[2].part, 10);
  assert_int_equal(split.offline, 0);
  assert_int_equal(split.missing, 0);
}

static void what_no_provider_refunds_goes_by_hand_and_last(void **state) {
  (void)state;
  aft__refund_source s[] = {{.available = 100, .refunds_left = 0, .open = true, .rank = 1},
                            {.available = 100, .refunds_left = -1, .open = false, .rank = 2},
                            {.available = 100, .refunds_left = 1, .open = true, .rank = 3}};
  aft__refund_split split = aft__refund_split_of(150, s, 3);
  assert_int_equal(s[2].part, 100);
  assert_false(s[2].offline);
  assert_int_equal(s[0].part, 50);
  assert_true(s[0].offline);
  assert_int_equal(s[1].part, 0);
  assert_int_equal(split.offline, 50);
  assert_int_equal(split.missing, 0);
}

static void no_split_gives_more_than_there_is(void **state) {
  (void)state;
  uint64_t seed = seed_of("no_split_gives_more_than_there_is");
  for (int i = 0; i < 100000; i++) {
    aft__refund_source s[6];
    size_t n = below(&seed, 7);
    int64_t amount = draw_from(&seed, 0);
    wide sum = 0, all = 0, offline = 0, online_left = 0;
    for (size_t j = 0; j < n; j++) {
      s[j] = (aft__refund_source){
          draw_from(&seed, 0), (int64_t)below(&seed, 4) - 1, below(&seed, 3) != 0, below(&seed, 3), 77, true};
      all += s[j].available;
    }
    aft__refund_split split = aft__refund_split_of(amount, s, n);
    for (size_t j = 0; j < n; j++) {
      bool online = s[j].open && s[j].refunds_left != 0;
      assert_true(s[j].part >= 0 && s[j].part <= s[j].available);
      if (s[j].part)
        assert_int_equal(s[j].offline, !online);
      sum += s[j].part;
      offline += s[j].offline ? s[j].part : 0;
      online_left += online ? s[j].available - s[j].part : 0;
    }
    assert_true(sum + split.missing == amount);
    assert_true(offline == split.offline);
    assert_true(split.missing == 0 || sum == all);
    assert_true(split.offline == 0 || online_left == 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_share_is_what_128_bits_say),
      cmocka_unit_test(parts_sum_to_the_whole_however_they_are_cut),
      cmocka_unit_test(single_units_add_up_to_any_group_of_them),
      cmocka_unit_test(the_ends_of_the_range_hold),
      cmocka_unit_test(a_refund_takes_payments_by_rank),
      cmocka_unit_test(what_no_provider_refunds_goes_by_hand_and_last),
      cmocka_unit_test(no_split_gives_more_than_there_is),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
