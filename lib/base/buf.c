/* A growable byte buffer, always closed by a NUL; the first failure sticks. */
#include <stdio.h>

#include "base/base.h"

void aft__buf_init(aft__buf *buf, const aft_env *env) {
  memset(buf, 0, sizeof *buf);
  buf->env = env;
}

void aft__buf_lend(aft__buf *buf, const aft_env *env, void *memory, size_t size) {
  aft__buf_init(buf, env);
  buf->data = memory;
  buf->cap = size;
  buf->lent = true;
}

void aft__buf_done(aft__buf *buf) {
  if (!buf->lent)
    aft__release(buf->env, buf->data, buf->cap);
  buf->data = NULL;
  buf->len = buf->cap = 0;
  buf->failed = buf->lent = false;
}

aft_buf *aft__buf_new(aft_env *env) {
  aft_buf *buf = aft__alloc(env, sizeof *buf);
  if (!buf)
    return NULL;
  aft__buf_init(buf, aft_env_ref(env));
  buf->heap = true;
  return buf;
}

static char *enlarge(aft__buf *buf, size_t cap) {
  if (!buf->lent)
    return aft__resize(buf->env, buf->data, buf->cap, cap);
  char *data = aft__alloc(buf->env, cap);
  if (data)
    memcpy(data, buf->data, buf->len);
  buf->lent = buf->lent && !data;
  return data;
}

/* Room for n more bytes and the NUL. */
static bool reserve(aft__buf *buf, size_t n) {
  if (buf->failed)
    return false;
  if (buf->cap > buf->len && buf->cap - buf->len > n)
    return true;
  size_t cap = buf->cap ? buf->cap : 64;
  while (cap - buf->len <= n && cap <= PTRDIFF_MAX / 2)
    cap *= 2;
  char *data = cap - buf->len > n ? enlarge(buf, cap) : NULL;
  if (!data) {
    buf->failed = true;
    return false;
  }
  buf->data = data;
  buf->cap = cap;
  return true;
}

char *aft__buf_grow(aft__buf *buf, size_t n) {
  if (!reserve(buf, n))
    return NULL;
  char *at = buf->data + buf->len;
  buf->len += n;
  buf->data[buf->len] = '\0';
  return at;
}

void aft__buf_add(aft__buf *buf, const void *bytes, size_t n) {
  char *at = aft__buf_grow(buf, n);
  if (at && n)
    memcpy(at, bytes, n);
}

void aft__buf_str(aft__buf *buf, aft_str text) {
  aft_str s = aft__str(text.data, text.len);
  aft__buf_add(buf, s.data, s.len);
}

void aft__buf_puts(aft__buf *buf, const char *text) { aft__buf_add(buf, text, strlen(text)); }

void aft__buf_char(aft__buf *buf, char c) { aft__buf_add(buf, &c, 1); }

void aft__buf_printf(aft__buf *buf, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  int n = vsnprintf(NULL, 0, fmt, args);
  va_end(args);
  if (n < 0) {
    buf->failed = true;
    return;
  }
  char *at = aft__buf_grow(buf, (size_t)n);
  if (!at)
    return;
  va_start(args, fmt);
  vsnprintf(at, (size_t)n + 1, fmt, args);
  va_end(args);
}

void aft__buf_clear(aft__buf *buf) {
  buf->len = 0;
  buf->failed = false;
  if (buf->data)
    buf->data[0] = '\0';
}

aft_str aft__buf_view(const aft__buf *buf) {
  aft_str view = {buf->data ? buf->data : "", buf->len};
  return view;
}

const char *aft_buf_data(const aft_buf *buf) { return buf && buf->data ? buf->data : ""; }

size_t aft_buf_size(const aft_buf *buf) { return buf ? buf->len : 0; }

void aft_buf_free(aft_buf *buf) {
  if (!buf)
    return;
  aft_env *env = (aft_env *)(uintptr_t)buf->env; /* a heap buffer holds a reference of its own */
  aft__buf_done(buf);
  aft__release(env, buf, sizeof *buf);
  aft_env_unref(env);
}
