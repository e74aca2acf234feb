/* Structs that cross the ABI: a caller's copy may be older or newer than ours. */
#include "base/abi_sizes.h"
#include "base/base.h"

static bool all_zero(const unsigned char *bytes, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (bytes[i])
      return false;
  return true;
}

aft_status aft__abi_copy(void *local, size_t known, const void *src, size_t v1_size, const char *what,
                         aft_error *error) {
  if (!src)
    return aft__error(error, AFT_E_NULL_HANDLE, what, "%s is NULL", what);
  size_t size;
  memcpy(&size, src, sizeof size);
  if (size == 0)
    return aft__error(error, AFT_E_ABI, what, "%s.size is 0: set it to sizeof(%s)", what, what);
  if (size < v1_size)
    return aft__error(error, AFT_E_ABI, what, "%s.size is %zu, less than the %zu bytes of its first version",
                      what, size, v1_size);
  if (size > AFT__ABI_MOST)
    return aft__error(error, AFT_E_ABI, what, "%s.size is %zu, more than the %d bytes that it may ever have",
                      what, size, AFT__ABI_MOST);
  const unsigned char *bytes = src;
  if (size > known && !all_zero(bytes + known, size - known))
    return aft__error(error, AFT_E_ABI, what,
                      "%s has fields set that are newer than this library, version " AFT_VERSION_STRING,
                      what);
  size_t shared = size < known ? size : known;
  memcpy(local, src, shared);
  memset((unsigned char *)local + shared, 0, known - shared);
  return AFT_OK;
}

aft_status aft__abi_next(void *local, size_t known, const char **at, size_t v1_size, const char *what,
                         aft_error *error) {
  size_t size;
  AFT__TRY(aft__abi_copy(local, known, *at, v1_size, what, error));
  memcpy(&size, *at, sizeof size);
  *at += size;
  return AFT_OK;
}

aft_status aft__abi_give(void *dst, const void *local, size_t known, size_t v1_size, const char *what,
                         aft_error *error) {
  size_t size;
  memcpy(&size, dst, sizeof size);
  if (size < v1_size || size > AFT__ABI_MOST)
    return aft__error(error, AFT_E_ABI, what, "expected %s.size to be sizeof(%s), found %zu", what, what,
                      size);
  size_t shared = size < known ? size : known;
  memcpy((unsigned char *)dst + sizeof size, (const unsigned char *)local + sizeof size,
         shared - sizeof size);
  return AFT_OK;
}
