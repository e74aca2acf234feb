/* Text views: order by bytes, which is the order of code points in UTF-8. */
#include "base/base.h"

int aft__str_cmp(aft_str a, aft_str b) {
  size_t n = a.len < b.len ? a.len : b.len;
  int order = n ? memcmp(a.data, b.data, n) : 0;
  if (order)
    return order;
  return (a.len > b.len) - (a.len < b.len);
}
