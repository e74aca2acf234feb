/* The values of a notice as a text, so that it can be written again for another channel. A line for each:
 * name, kind, number, currency or "-", offset, the length of its text, and the text. */
#include "desk/notice/notice_priv.h"

#include <inttypes.h>

void aft__fields_write(const aft__filling *values, uint32_t n, aft__buf *out) {
  for (uint32_t i = 0; i < n; i++) {
    const aft__filling *v = &values[i];
    aft_str text = aft__str(v->text.data, v->text.len);
    aft__buf_printf(out, "%s %d %" PRId64 " %s %" PRId32 " %zu ", v->name, (int)v->kind, v->number,
                    v->currency[0] ? v->currency : "-", v->offset_s, text.len);
    aft__buf_str(out, text);
    aft__buf_char(out, '\n');
  }
}

typedef struct reader {
  const char *at, *end;
  bool bad;
} reader;

static aft_str word(reader *r) {
  const char *space = r->at < r->end ? memchr(r->at, ' ', (size_t)(r->end - r->at)) : NULL;
  aft_str out = aft__str(r->at, space ? (size_t)(space - r->at) : 0);
  r->bad |= !out.len;
  r->at = space ? space + 1 : r->end;
  return out;
}

static int64_t number(reader *r) {
  aft_str digits = word(r);
  bool minus = digits.len && digits.data[0] == '-';
  int64_t n = 0;
  r->bad |= digits.len == (size_t)minus;
  for (size_t i = minus; i < digits.len; i++) {
    int digit = digits.data[i] - '0';
    r->bad |= digit < 0 || digit > 9 || aft__mul_i64(n, 10, &n) || aft__sub_i64(n, digit, &n);
  }
  if (!minus && n == INT64_MIN)
    r->bad = true;
  return minus || r->bad ? n : -n;
}

static aft_str read_text(reader *r) {
  int64_t n = number(r);
  r->bad |= n < 0 || n >= r->end - r->at || (!r->bad && r->at[n] != '\n');
  if (r->bad)
    return (aft_str){0};
  aft_str out = aft__str(r->at, (size_t)n);
  r->at += n + 1;
  return out;
}

static void read_one(reader *r, aft__arena *arena, aft__filling *out) {
  aft_str name = word(r);
  int64_t kind = number(r);
  *out = (aft__filling){.number = number(r)};
  aft_str currency = word(r);
  out->offset_s = (int32_t)number(r);
  out->text = aft__arena_dup(arena, read_text(r));
  out->name = aft__arena_dup(arena, name).data;
  out->kind = (aft__value_kind)kind;
  r->bad |= kind < 0 || kind >= AFT__VALUE_KINDS;
  if (currency.len == 3)
    memcpy(out->currency, currency.data, 3);
}

aft_status aft__fields_read(aft__arena *arena, aft_str text, aft__filling values[AFT__NOTICE_VALUES],
                            uint32_t *n, aft_error *error) {
  reader r = {text.data, text.data + text.len, false};
  for (*n = 0; r.at < r.end && !r.bad && *n < AFT__NOTICE_VALUES; (*n)++) {
    read_one(&r, arena, &values[*n]);
    if (!values[*n].name || !values[*n].text.data)
      return r.bad ? aft__error(error, AFT_E_CORRUPT, "notice.fields", "they cannot be read")
                   : aft__nomem(error);
  }
  if (r.bad || r.at < r.end)
    return aft__error(error, AFT_E_CORRUPT, "notice.fields", "they cannot be read");
  return AFT_OK;
}
