/* Reads a zone file in TZif format, versions 1 to 4 (RFC 8536, RFC 9636). Trusts no byte of it. */
#include "value/value_priv.h"

#define HEADER_SIZE 44

typedef struct block {
  uint32_t ut_count, std_count, leap_count, time_count, type_count, char_count;
  size_t time_size;    /* 4 in the first block, 8 in the second */
  const uint8_t *data; /* the block, after its header */
  size_t size;         /* as the counts say */
} block;

static uint32_t read_u32(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int32_t read_i32(const uint8_t *p) {
  uint32_t u = read_u32(p);
  int32_t i;
  memcpy(&i, &u, sizeof i);
  return i;
}

static int64_t read_time(const uint8_t *p, size_t size) {
  if (size == 4)
    return read_i32(p);
  uint64_t u = (uint64_t)read_u32(p) << 32 | read_u32(p + 4);
  int64_t i;
  memcpy(&i, &u, sizeof i);
  return i;
}

static aft_status damaged(const char *what, aft_error *error) {
  return aft__error(error, AFT_E_ZONE, "zone", "the zone file is damaged: %s", what);
}

static aft_status read_header(const uint8_t *data, size_t size, size_t time_size, block *b,
                              aft_error *error) {
  if (size < HEADER_SIZE || memcmp(data, "TZif", 4) != 0)
    return damaged("expected the header of a TZif file", error);
  b->ut_count = read_u32(data + 20);
  b->std_count = read_u32(data + 24);
  b->leap_count = read_u32(data + 28);
  b->time_count = read_u32(data + 32);
  b->type_count = read_u32(data + 36);
  b->char_count = read_u32(data + 40);
  b->time_size = time_size;
  b->data = data + HEADER_SIZE;
  uint64_t need = (uint64_t)b->time_count * (time_size + 1) + (uint64_t)b->type_count * 6 + b->char_count +
                  (uint64_t)b->leap_count * (time_size + 4) + b->std_count + b->ut_count;
  if (need > size - HEADER_SIZE)
    return damaged("it ends too early", error);
  if (b->type_count == 0 || b->type_count > 256)
    return damaged("expected 1 to 256 kinds of local time", error);
  if (b->leap_count != 0)
    return aft__error(error, AFT_E_ZONE, "zone",
                      "the zone file counts leap seconds, which times here do not");
  b->size = (size_t)need;
  return AFT_OK;
}

/* The block of 64-bit times where there is one; *rule receives the text behind it. */
static aft_status find_block(const uint8_t *data, size_t size, block *b, aft_str *rule, aft_error *error) {
  rule->data = NULL;
  rule->len = 0;
  AFT__TRY(read_header(data, size, 4, b, error));
  if (data[4] < '2')
    return AFT_OK;
  size_t second = HEADER_SIZE + b->size;
  AFT__TRY(read_header(data + second, size - second, 8, b, error));
  const uint8_t *footer = b->data + b->size;
  size_t left = size - (size_t)(footer - data);
  if (left < 2 || footer[0] != '\n')
    return damaged("expected a line break before the rule", error);
  const uint8_t *end = memchr(footer + 1, '\n', left - 1);
  if (!end)
    return damaged("expected a line break behind the rule", error);
  rule->data = (const char *)footer + 1;
  rule->len = (size_t)(end - footer) - 1;
  return AFT_OK;
}

static bool offset_of_type(const block *b, uint32_t type, int32_t *out) {
  if (type >= b->type_count)
    return false;
  *out = read_i32(b->data + (size_t)b->time_count * (b->time_size + 1) + (size_t)type * 6);
  return *out > -26 * 3600 && *out < 26 * 3600;
}

static aft_status fill_table(const block *b, int64_t *at_s, int32_t *offset_s, aft_error *error) {
  const uint8_t *types = b->data + (size_t)b->time_count * b->time_size;
  for (uint32_t i = 0; i < b->time_count; i++) {
    at_s[i] = read_time(b->data + (size_t)i * b->time_size, b->time_size);
    if (i > 0 && at_s[i] <= at_s[i - 1])
      return damaged("its changes are not in order", error);
    if (!offset_of_type(b, types[i], &offset_s[i]))
      return damaged("a change leads to an offset that is missing or larger than a day", error);
  }
  return AFT_OK;
}

static aft_status fill_zone(aft_zone *zone, const block *b, aft_str rule, aft_error *error) {
  int64_t *at_s = (int64_t *)(void *)(zone + 1);
  int32_t *offset_s = (int32_t *)(void *)(at_s + b->time_count);
  AFT__TRY(fill_table(b, at_s, offset_s, error));
  if (!offset_of_type(b, 0, &zone->before_s))
    return damaged("its first offset is larger than a day", error);
  if (rule.len > 0 && !aft__tz_rule_parse(rule, &zone->rule))
    return damaged("the rule for later times is not readable", error);
  zone->count = b->time_count;
  zone->at_s = at_s;
  zone->offset_s = offset_s;
  return AFT_OK;
}

aft_status aft__zone_parse(aft_env *env, const uint8_t *data, size_t size, aft_zone **out, aft_error *error) {
  block b;
  aft_str rule;
  AFT__TRY(find_block(data, size, &b, &rule, error));
  size_t bytes = sizeof(aft_zone) + (size_t)b.time_count * (sizeof(int64_t) + sizeof(int32_t));
  aft_zone *zone = aft__zalloc(env, bytes);
  if (!zone)
    return aft__nomem(error);
  aft_status status = fill_zone(zone, &b, rule, error);
  if (status < 0) {
    aft__release(env, zone, bytes);
    return status;
  }
  atomic_init(&zone->refs, 1);
  zone->env = aft_env_ref(env);
  zone->bytes = bytes;
  *out = zone;
  return AFT_OK;
}
