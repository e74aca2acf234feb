/* Normalising: the form in which texts are matched and compared. */
#include "text/text.h"

/*
 * A text is cut into pieces: one plain character and the other characters that
 * follow it. Plain characters are starters that never compose with what stands
 * before them, so NFKC of the whole is the pieces' NFKC put together. A piece of
 * one plain character alone is mapped without Unicode tables.
 */

/* Writes folded characters: joins white space, shortens long repetitions. */
typedef struct writer {
  aft__buf *out;
  uint32_t last; /* last character written, 0 at the start */
  uint32_t run;  /* how often it has been written */
  bool space;    /* white space is due before the next character */
  size_t used;
  char chunk[512];
} writer;

static void flush(writer *w) {
  aft__buf_add(w->out, w->chunk, w->used);
  w->used = 0;
}

static bool space(uint32_t c) { return c <= 0x3000 && aft__is_space(c); }

static void copy(char *to, const char *bytes, uint32_t n) {
  to[0] = bytes[0];
  for (uint32_t i = 1; i < n; i++)
    to[i] = bytes[i];
}

static inline void put(writer *w, uint32_t c, const char *bytes, uint32_t n) {
  if (c == ' ' || (c < 0x80 ? c - '\t' < 5 : space(c))) {
    w->space = w->last != 0;
    return;
  }
  if (w->used + 5 > sizeof w->chunk)
    flush(w);
  if (w->space) {
    w->chunk[w->used++] = ' ';
    w->space = false;
    w->last = ' ';
  }
  if (c != w->last) {
    w->last = c;
    w->run = 0;
  } else if (w->run >= 2 && !aft__is_digit(c)) {
    return;
  }
  w->run++;
  copy(w->chunk + w->used, bytes, n);
  w->used += n;
}

/* Starters that neither change under NFKC and case folding nor compose with the
 * character before them, and full-width ASCII, which only moves. */
static bool plain(uint32_t c) {
  if (c < 0x80 || (c >= 0x4E00 && c <= 0x9FFF))
    return true;
  if (c >= 0x3041 && c <= 0x30FA)
    return c <= 0x3094 || c >= 0x30A1;
  return (c >= 0x3001 && c <= 0x3020) || (c >= 0xFF01 && c <= 0xFF5E) || (c >= 0x2018 && c <= 0x201D) ||
         (c >= 0x1F300 && c <= 0x1F64F);
}

/* Reads the character at p < end and returns its length when it is plain, 0 when it is not. */
static inline uint32_t plain_at(const char *p, const char *end, uint32_t *c) {
  const uint8_t *b = (const uint8_t *)p;
  if (b[0] < 0x80) {
    *c = b[0];
    return 1;
  }
  if (b[0] < 0xE2)
    return 0;
  if (b[0] >= 0xE4 && b[0] <= 0xE9 && end - p >= 3 && (b[1] & 0xC0) == 0x80 && (b[2] & 0xC0) == 0x80) {
    *c = (uint32_t)(b[0] & 0x0F) << 12 | (uint32_t)(b[1] & 0x3F) << 6 | (b[2] & 0x3Fu);
    return *c >= 0x4E00 ? 3 : 0;
  }
  uint32_t n = aft__utf8_next(p, end, c);
  return plain(*c) ? n : 0;
}

static inline void put_plain(writer *w, uint32_t c, const char *bytes, uint32_t n) {
  if (c >= 0xFF01 && c <= 0xFF5E)
    c -= 0xFEE0;
  if (c >= 0x80) {
    put(w, c, bytes, n);
    return;
  }
  if (c >= 'A' && c <= 'Z')
    c += 'a' - 'A';
  char byte = (char)c;
  put(w, c, &byte, 1);
}

static void put_all(writer *w, aft_str text) {
  if (text.len == 0)
    return;
  const char *p = text.data, *end = p + text.len;
  while (p < end) {
    uint32_t c;
    uint32_t n = aft__utf8_next(p, end, &c);
    put(w, c, p, n);
    p += n;
  }
}

/* Folds the piece at p and returns where it ends: before the second plain character. */
static const char *put_folded(writer *w, aft__buf *folded, const char *p, const char *end, aft_status *status,
                              aft_error *error) {
  uint32_t c;
  const char *next = p + aft__utf8_next(p, end, &c);
  while (next < end && plain_at(next, end, &c) == 0)
    next += aft__utf8_next(next, end, &c);
  aft__buf_clear(folded);
  *status = aft__nfkc_fold(folded, aft__str(p, (size_t)(next - p)), error);
  if (*status == AFT_OK)
    put_all(w, aft__buf_view(folded));
  return next;
}

static aft_status write_pieces(writer *w, aft__buf *folded, aft_str text, aft_error *error) {
  const char *p = text.data, *end = p + text.len;
  aft_status status = AFT_OK;
  uint32_t c, following = 0;
  uint32_t n = plain_at(p, end, &c);
  while (p < end && status == AFT_OK) {
    const char *next = p + n;
    uint32_t m = next < end ? plain_at(next, end, &following) : 0;
    if (n > 0 && (m > 0 || next == end)) {
      put_plain(w, c, p, n);
      p = next;
      n = m;
      c = following;
      continue;
    }
    p = put_folded(w, folded, p, end, &status, error);
    n = p < end ? plain_at(p, end, &c) : 0;
  }
  return status;
}

aft_status aft__normalise(aft__buf *out, aft_str text, aft_error *error) {
  if (text.len == 0)
    return out->failed ? aft__nomem(error) : AFT_OK;
  writer w;
  w.out = out;
  w.last = w.run = 0;
  w.space = false;
  w.used = 0;
  aft__buf folded;
  char room[256];
  aft__buf_lend(&folded, out->env, room, sizeof room);
  aft_status status = write_pieces(&w, &folded, text, error);
  aft__buf_done(&folded);
  if (status < 0)
    return status;
  flush(&w);
  return out->failed ? aft__nomem(error) : AFT_OK;
}
