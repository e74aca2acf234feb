/* An amount shared out over units, exactly: the parts of consecutive units always sum to the whole. */
#include "value/value.h"

typedef struct wide {
  uint64_t high, low;
} wide;

/* By halves of 32 bits, as long multiplication on paper. */
static wide multiply(uint64_t a, uint64_t b) {
  uint64_t al = a & UINT32_MAX, ah = a >> 32, bl = b & UINT32_MAX, bh = b >> 32;
  uint64_t low = al * bl, left = ah * bl, right = al * bh;
  uint64_t middle = (low >> 32) + (left & UINT32_MAX) + (right & UINT32_MAX);
  return (wide){.high = ah * bh + (left >> 32) + (right >> 32) + (middle >> 32),
                .low = middle << 32 | (low & UINT32_MAX)};
}

/* Bit by bit. by is above number.high and at most INT64_MAX: the quotient fits and the rest never carries. */
static uint64_t divide(wide number, uint64_t by) {
  uint64_t rest = number.high, quotient = 0;
  for (int bit = 63; bit >= 0; bit--) {
    rest = rest << 1 | (number.low >> bit & 1);
    quotient <<= 1;
    if (rest >= by) {
      rest -= by;
      quotient |= 1;
    }
  }
  return quotient;
}

/* What the first n of the units have together: floor(total × n / units). */
static int64_t upto(int64_t total, int64_t units, int64_t n) {
  if (n <= 0)
    return 0;
  if (n >= units)
    return total;
  return (int64_t)divide(multiply((uint64_t)total, (uint64_t)n), (uint64_t)units);
}

int64_t aft__share_of(int64_t total, int64_t units, int64_t from, int64_t n) {
  if (total <= 0 || units <= 0 || n <= 0 || from >= units)
    return 0;
  int64_t first = from < 0 ? 0 : from;
  int64_t end = n > units - first ? units : first + n;
  return upto(total, units, end) - upto(total, units, first);
}
