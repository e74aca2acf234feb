/* Assertions on what the library returned; the caller has its aft_error in "error". */
#ifndef ASSERT_STATUS_H
#define ASSERT_STATUS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <aftersales.h>

/* Fails the test with the error's own words. */
#define assert_ok(expr)                                                                                 \
  do {                                                                                                  \
    aft_status assert_status_ = (expr);                                                                 \
    if (assert_status_ < 0)                                                                             \
      fail_msg("%s: %s at %s: %s", #expr, aft_status_name(assert_status_), error.where, error.message); \
  } while (0)
#define assert_status(expr, expected)                                                             \
  do {                                                                                            \
    aft_status assert_status_ = (expr);                                                           \
    if (assert_status_ != (expected))                                                             \
      fail_msg("%s: %s, expected %s (%s: %s)", #expr, aft_status_name(assert_status_), #expected, \
               error.where, error.message);                                                       \
  } while (0)

#endif
