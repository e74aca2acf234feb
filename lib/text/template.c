/* Templates of catalogue texts, taken apart; and filled with texts that are ready. */
#include "text/text.h"

/* The length of a place behind its brace, without the closing one; 0 for none. Choices may have places in
 * them, which have no choices of their own. */
static size_t place_length(aft_str text, size_t at) {
  bool chooses = false, inside = false;
  for (size_t i = at; i < text.len; i++) {
    char c = text.data[i];
    if (c == '\n')
      return 0;
    if (c == '}' && !inside)
      return i - at;
    if (c == '}')
      inside = false;
    else if (c == '?' && !inside && !chooses)
      chooses = true;
    else if (c == '{' && (!chooses || inside))
      return 0;
    else if (c == '{' && i + 1 < text.len && text.data[i + 1] == '{')
      i++;
    else if (c == '{')
      inside = true;
  }
  return 0;
}

static aft__slot place_of(aft_str inner) {
  aft__slot place = {.name = inner};
  for (size_t i = 0; i < inner.len; i++) {
    char c = inner.data[i];
    if (c != '?' && c != ':')
      continue;
    aft_str rest = aft__str(inner.data + i + 1, inner.len - i - 1);
    place.name.len = i;
    place.chooses = c == '?';
    *(place.chooses ? &place.choices : &place.form) = rest;
    break;
  }
  return place;
}

typedef enum step {
  STEP_END,
  STEP_PIECE,
  STEP_FAULT
} step;

/* Reads the piece at *at and moves behind it. A fault is one brace. */
static step next_piece(aft_str text, size_t *at, aft__piece *piece) {
  size_t i = *at;
  *piece = (aft__piece){0};
  if (i == text.len)
    return STEP_END;
  if (text.data[i] != '{') {
    const char *brace = memchr(text.data + i, '{', text.len - i);
    *at = brace ? (size_t)(brace - text.data) : text.len;
    piece->text = aft__str(text.data + i, *at - i);
    return STEP_PIECE;
  }
  if (i + 1 < text.len && text.data[i + 1] == '{') {
    piece->text = aft__str(text.data + i, 1);
    *at = i + 2;
    return STEP_PIECE;
  }
  size_t n = place_length(text, i + 1);
  piece->is_place = n > 0;
  piece->text = aft__str(text.data + i, n > 0 ? n + 2 : 1);
  if (n > 0)
    piece->place = place_of(aft__str(text.data + i + 1, n));
  *at = i + piece->text.len;
  return n > 0 ? STEP_PIECE : STEP_FAULT;
}

void aft__template_each(aft_str text, aft__piece_fn fn, void *user) {
  size_t at = 0;
  aft__piece piece;
  while (next_piece(text, &at, &piece) != STEP_END)
    fn(user, &piece);
}

/* ---- choices ---- */

static size_t choice_end(aft_str choices, size_t at) {
  bool inside = false;
  for (; at < choices.len; at++) {
    char c = choices.data[at];
    if (c == '|' && !inside)
      return at;
    if (c == '{' && !inside && at + 1 < choices.len && choices.data[at + 1] == '{')
      at++;
    else
      inside = c == '{' || (inside && c != '}');
  }
  return at;
}

uint32_t aft__slot_choices(const aft__slot *place) {
  uint32_t n = 1;
  for (size_t at = choice_end(place->choices, 0); place->chooses && at < place->choices.len; n++)
    at = choice_end(place->choices, at + 1);
  return place->chooses ? n : 0;
}

aft_str aft__slot_choice(const aft__slot *place, uint32_t index) {
  size_t begin = 0, end = choice_end(place->choices, 0);
  for (; index > 0 && end < place->choices.len; index--) {
    begin = end + 1;
    end = choice_end(place->choices, begin);
  }
  return aft__str(place->choices.data + begin, end - begin);
}

/* ---- places ---- */

/* AFT_E_INVALID with the offset of the brace. Places inside of choices have none of their own, so this goes
 * one deep. */
static aft_status places(aft_str text, uint32_t depth, aft__slot_fn fn, void *user, size_t *at) {
  size_t i = 0;
  for (;;) {
    aft__piece piece;
    size_t begin = i, inner = 0;
    step s = next_piece(text, &i, &piece);
    if (s == STEP_END)
      return AFT_OK;
    if (s == STEP_PIECE && !piece.is_place)
      continue;
    *at = begin;
    if (s == STEP_FAULT || !piece.place.name.len)
      return AFT_E_INVALID;
    piece.place.depth = depth;
    if (fn)
      fn(user, &piece.place);
    if (piece.place.chooses && (depth || places(piece.place.choices, depth + 1, fn, user, &inner) < 0)) {
      *at = depth ? begin : begin + (size_t)(piece.place.choices.data - piece.text.data) + inner;
      return AFT_E_INVALID;
    }
  }
}

aft_status aft__template_places(aft_str text, aft__slot_fn place, void *user, size_t *at) {
  size_t ignored;
  return places(text, 0, place, user, at ? at : &ignored);
}

/* ---- filling with texts ---- */

typedef struct rendering {
  aft__buf *out;
  const aft__arg *args;
  size_t n;
} rendering;

static void put_piece(void *user, const aft__piece *piece) {
  const rendering *r = user;
  aft_str inner = piece->is_place ? aft__str(piece->text.data + 1, piece->text.len - 2) : piece->text;
  for (size_t i = 0; piece->is_place && i < r->n; i++)
    if (aft__str_eq(aft__cstr(r->args[i].name), inner)) {
      aft__buf_str(r->out, aft__str(r->args[i].value.data, r->args[i].value.len));
      return;
    }
  aft__buf_str(r->out, piece->text);
}

void aft__template_render(aft__buf *out, aft_str text, const aft__arg *args, size_t n) {
  rendering r = {out, args, n};
  aft__template_each(text, put_piece, &r);
}
