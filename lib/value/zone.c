/* Zones by IANA name from the system's zone files, and their offset at a moment. */
#include <stdio.h>

#include "value/value_priv.h"

#define ZONE_DIRECTORY "/usr/share/zoneinfo/"
#define NAME_MOST      64
#define FILE_MOST      ((size_t)256 << 10) /* the largest real one has some 4 KiB */

static bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

static bool name_character(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-';
}

/* Parts of letters, digits, "_", "+" and "-", each begun by a letter and parted by "/": no dots at all. */
static bool name_is_sound(aft_str name) {
  bool begins = true;
  if (name.len > NAME_MOST)
    return false;
  for (size_t i = 0; i < name.len; i++) {
    char c = name.data[i];
    if (begins ? !is_letter(c) : !name_character(c) && c != '/')
      return false;
    begins = c == '/';
  }
  return !begins;
}

static aft_status make_utc(aft_env *env, aft_zone **out, aft_error *error) {
  aft_zone *zone = aft__zalloc(env, sizeof *zone);
  if (!zone)
    return aft__nomem(error);
  atomic_init(&zone->refs, 1);
  zone->env = aft_env_ref(env);
  zone->bytes = sizeof *zone;
  *out = zone;
  return AFT_OK;
}

static aft_status load(aft_env *env, aft_str name, aft_zone **out, aft_error *error) {
  char path[sizeof ZONE_DIRECTORY + NAME_MOST];
  snprintf(path, sizeof path, "%s%.*s", ZONE_DIRECTORY, (int)name.len, name.data);
  aft__file file;
  aft_error why = AFT_ERROR_INIT;
  if (aft__file_map(&file, path, FILE_MOST, &why) < 0) {
    aft__error(error, AFT_E_ZONE, "zone", "no zone \"%.*s\" under %s: %s", (int)name.len, name.data,
               ZONE_DIRECTORY, why.message);
    if (error)
      error->native = why.native;
    return AFT_E_ZONE;
  }
  aft_status status = aft__zone_parse(env, file.data, file.size, out, error);
  aft__file_unmap(&file);
  return status;
}

aft_status aft_zone_open(aft_env *env, const char *name, size_t name_len, aft_zone **out, aft_error *error) {
  if (!out)
    return aft__error(error, AFT_E_INVALID, "out", "out is NULL: it must point to where the handle goes");
  *out = NULL;
  if (!env)
    return aft__error(error, AFT_E_NULL_HANDLE, "env", "env is NULL");
  aft_str text = aft__str(name, name_len);
  if (!text.data || !name_is_sound(text))
    return aft__error(error, AFT_E_ZONE, "zone", "expected a zone's name such as \"Asia/Shanghai\"");
  if (aft__str_eq(text, aft__cstr("UTC")))
    return make_utc(env, out, error);
  return load(env, text, out, error);
}

void aft_zone_unref(aft_zone *zone) {
  if (!zone || atomic_fetch_sub_explicit(&zone->refs, 1, memory_order_acq_rel) != 1)
    return;
  aft_env *env = zone->env;
  aft__release(env, zone, zone->bytes);
  aft_env_unref(env);
}

/* How many changes lie at or before the moment. */
static size_t changes_until(const aft_zone *zone, int64_t at_s) {
  size_t low = 0, high = zone->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (zone->at_s[middle] <= at_s)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

int32_t aft_zone_offset(const aft_zone *zone, aft_time at) {
  int64_t at_s = at / 1000 - (at % 1000 < 0);
  size_t passed = changes_until(zone, at_s);
  if (passed == zone->count && zone->rule.given)
    return aft__tz_rule_offset(&zone->rule, at_s);
  return passed == 0 ? zone->before_s : zone->offset_s[passed - 1];
}
