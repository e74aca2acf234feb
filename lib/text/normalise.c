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

static void put(writer *w, uint32_t c, const char *bytes, uint32_t n) {
  if (aft__is_space(c)) {
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
  memcpy(w->chunk + w->used, bytes, n);
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

static void put_plain(writer *w, uint32_t c, const char *bytes, uint32_t n) {
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

/* Where the piece that begins at p ends; *alone tells that it is one plain character. */
static const char *piece_end(const char *p, const char *end, uint32_t *first, bool *alone) {
  uint32_t c;
  p += aft__utf8_next(p, end, first);
  *alone = plain(*first);
  while (p < end) {
    if ((uint8_t)*p < 0x80)
      break;
    uint32_t n = aft__utf8_next(p, end, &c);
    if (plain(c))
      break;
    *alone = false;
    p += n;
  }
  return p;
}

static aft_status write_pieces(writer *w, aft__buf *folded, aft_str text, aft_error *error) {
  const char *p = text.data, *end = p + text.len;
  while (p < end) {
    uint32_t c;
    bool alone;
    const char *next = piece_end(p, end, &c, &alone);
    if (alone) {
      put_plain(w, c, p, (uint32_t)(next - p));
    } else {
      aft__buf_clear(folded);
      AFT__TRY(aft__nfkc_fold(folded, aft__str(p, (size_t)(next - p)), error));
      put_all(w, aft__buf_view(folded));
    }
    p = next;
  }
  return AFT_OK;
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
  aft__buf_init(&folded, out->env);
  aft_status status = write_pieces(&w, &folded, text, error);
  aft__buf_done(&folded);
  if (status < 0)
    return status;
  flush(&w);
  return out->failed ? aft__nomem(error) : AFT_OK;
}
