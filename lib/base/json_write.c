/* JSON as RFC 8259 writes it, without spaces. Texts are valid UTF-8 already. */
#include <inttypes.h>

#include "base/base.h"

#include <stdlib.h>

#define DEPTH_MOST 63

void aft__json_init(aft__json *json, aft__buf *buf) {
  json->buf = buf;
  json->comma = 0;
  json->depth = 0;
}

static void before_value(aft__json *json) {
  uint64_t bit = UINT64_C(1) << json->depth;
  if (json->comma & bit)
    aft__buf_char(json->buf, ',');
  json->comma |= bit;
}

void aft__json_open(aft__json *json, char bracket) {
  before_value(json);
  aft__buf_char(json->buf, bracket);
  if (json->depth >= DEPTH_MOST) {
    json->buf->failed = true; /* nothing of ours is so deep */
    return;
  }
  json->depth++;
  json->comma &= ~(UINT64_C(1) << json->depth);
}

void aft__json_close(aft__json *json, char bracket) {
  if (json->depth > 0)
    json->depth--;
  aft__buf_char(json->buf, bracket);
}

static void escape(aft__buf *buf, unsigned char c) {
  switch (c) {
  case '"':
    aft__buf_puts(buf, "\\\"");
    break;
  case '\\':
    aft__buf_puts(buf, "\\\\");
    break;
  case '\b':
    aft__buf_puts(buf, "\\b");
    break;
  case '\f':
    aft__buf_puts(buf, "\\f");
    break;
  case '\n':
    aft__buf_puts(buf, "\\n");
    break;
  case '\r':
    aft__buf_puts(buf, "\\r");
    break;
  case '\t':
    aft__buf_puts(buf, "\\t");
    break;
  default:
    aft__buf_printf(buf, "\\u%04x", (unsigned)c);
  }
}

void aft__json_escape(aft__buf *buf, aft_str text) {
  size_t plain = 0;
  for (size_t i = 0; i < text.len; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (c >= 0x20 && c != '"' && c != '\\')
      continue;
    aft__buf_add(buf, text.data + plain, i - plain);
    escape(buf, c);
    plain = i + 1;
  }
  if (plain < text.len)
    aft__buf_add(buf, text.data + plain, text.len - plain);
}

static void quoted(aft__buf *buf, aft_str text) {
  aft__buf_char(buf, '"');
  aft__json_escape(buf, text);
  aft__buf_char(buf, '"');
}

/* Of the long form only control characters are written so. */
void aft__json_unescape(aft__buf *out, aft_str quoted) {
  static const char shorts[] = "bfnrt", means[] = "\b\f\n\r\t";
  for (size_t i = 0; i < quoted.len; i++) {
    char c = quoted.data[i];
    if (c == '\\' && i + 1 < quoted.len) {
      c = quoted.data[++i];
      const char *known = memchr(shorts, c, sizeof shorts - 1);
      if (known)
        c = means[known - shorts];
      else if (c == 'u' && i + 4 < quoted.len) {
        c = (char)strtoul((const char[]){quoted.data[i + 3], quoted.data[i + 4], 0}, NULL, 16);
        i += 4;
      }
    }
    aft__buf_char(out, c);
  }
}

void aft__json_key(aft__json *json, const char *key) {
  before_value(json);
  quoted(json->buf, aft__cstr(key));
  aft__buf_char(json->buf, ':');
  json->comma &= ~(UINT64_C(1) << json->depth);
}

void aft__json_str(aft__json *json, aft_str text) {
  before_value(json);
  quoted(json->buf, aft__str(text.data, text.len));
}

void aft__json_i64(aft__json *json, int64_t value) {
  before_value(json);
  aft__buf_printf(json->buf, "%" PRId64, value);
}

void aft__json_id(aft__json *json, int64_t id) {
  before_value(json);
  aft__buf_printf(json->buf, "\"%" PRId64 "\"", id);
}

/* In whole millionths, so that no locale has a say in the point. */
void aft__json_share(aft__json *json, double value) {
  if (!(value > -1e12 && value < 1e12)) {
    aft__json_null(json);
    return;
  }
  int64_t millionths = (int64_t)(value * 1e6 + (value < 0 ? -0.5 : 0.5));
  uint64_t size = millionths < 0 ? (uint64_t)-millionths : (uint64_t)millionths;
  before_value(json);
  aft__buf_printf(json->buf, "%s%" PRIu64 ".%06" PRIu64, millionths < 0 ? "-" : "", size / 1000000,
                  size % 1000000);
}

void aft__json_bool(aft__json *json, bool value) {
  before_value(json);
  aft__buf_puts(json->buf, value ? "true" : "false");
}

void aft__json_null(aft__json *json) {
  before_value(json);
  aft__buf_puts(json->buf, "null");
}
