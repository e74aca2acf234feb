/* Text views: order by bytes, which is the order of code points in UTF-8. */
#include "base/base.h"

int aft__str_cmp(aft_str a, aft_str b) {
  size_t n = a.len < b.len ? a.len : b.len;
  int order = n ? memcmp(a.data, b.data, n) : 0;
  if (order)
    return order;
  return (a.len > b.len) - (a.len < b.len);
}

bool aft__words_next(aft_str *words, aft_str *word) {
  size_t n = 0;
  if (!words->len)
    return false;
  while (n < words->len && words->data[n] != ' ')
    n++;
  *word = aft__str(words->data, n);
  size_t step = n < words->len ? n + 1 : n;
  *words = aft__str(words->data + step, words->len - step);
  return true;
}

bool aft__words_have(aft_str words, aft_str word) {
  aft_str one;
  while (aft__words_next(&words, &one))
    if (aft__str_eq(one, word))
      return true;
  return false;
}
