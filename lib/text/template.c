/* Templates of catalogue texts: "{name}" is a place, "{{" a brace. */
#include "text/text.h"

typedef enum piece_kind {
  PIECE_END,
  PIECE_TEXT,
  PIECE_PLACE,
  PIECE_FAULT
} piece_kind;

/* A place is a brace, a name without braces and line breaks, and a brace. */
static size_t name_length(aft_str text, size_t at) {
  size_t i = at;
  while (i < text.len && text.data[i] != '{' && text.data[i] != '}' && text.data[i] != '\n')
    i++;
  return i < text.len && text.data[i] == '}' ? i - at : 0;
}

/* Reads the piece at *at and moves behind it. A fault is one brace. */
static piece_kind next_piece(aft_str text, size_t *at, aft_str *piece) {
  size_t i = *at;
  if (i == text.len)
    return PIECE_END;
  if (text.data[i] != '{') {
    const char *brace = memchr(text.data + i, '{', text.len - i);
    *at = brace ? (size_t)(brace - text.data) : text.len;
    *piece = aft__str(text.data + i, *at - i);
    return PIECE_TEXT;
  }
  if (i + 1 < text.len && text.data[i + 1] == '{') {
    *piece = aft__str(text.data + i, 1);
    *at = i + 2;
    return PIECE_TEXT;
  }
  size_t n = name_length(text, i + 1);
  *piece = n > 0 ? aft__str(text.data + i + 1, n) : aft__str(text.data + i, 1);
  *at = n > 0 ? i + n + 2 : i + 1;
  return n > 0 ? PIECE_PLACE : PIECE_FAULT;
}

aft_status aft__template_places(aft_str text, void (*place)(void *user, aft_str name), void *user,
                                size_t *at) {
  size_t i = 0;
  for (;;) {
    aft_str piece;
    size_t begin = i;
    switch (next_piece(text, &i, &piece)) {
    case PIECE_END:
      return AFT_OK;
    case PIECE_TEXT:
      break;
    case PIECE_PLACE:
      if (place)
        place(user, piece);
      break;
    case PIECE_FAULT:
      if (at)
        *at = begin;
      return AFT_E_INVALID;
    }
  }
}

static const aft__arg *find(const aft__arg *args, size_t n, aft_str name) {
  for (size_t i = 0; i < n; i++)
    if (aft__str_eq(aft__cstr(args[i].name), name))
      return &args[i];
  return NULL;
}

void aft__template_render(aft__buf *out, aft_str text, const aft__arg *args, size_t n) {
  size_t i = 0;
  aft_str piece;
  for (;;) {
    size_t begin = i;
    piece_kind kind = next_piece(text, &i, &piece);
    if (kind == PIECE_END)
      return;
    const aft__arg *arg = kind == PIECE_PLACE ? find(args, n, piece) : NULL;
    if (arg)
      aft__buf_str(out, aft__str(arg->value.data, arg->value.len));
    else if (kind == PIECE_PLACE)
      aft__buf_add(out, text.data + begin, i - begin);
    else
      aft__buf_str(out, piece);
  }
}
