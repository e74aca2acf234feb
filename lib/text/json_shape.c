/* Whether a template gives JSON (RFC 8259) whatever it is filled with: it is read with every place in turn as
 * a mark, and marks may stand inside of texts alone. */
#include "text/text.h"

#define MARK       '\x01'
#define MOST_DEPTH 32

typedef struct reader {
  const char *at, *end;
  int depth;
} reader;

static bool value(reader *r);

static void skip(reader *r) {
  while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
    r->at++;
}

static bool take(reader *r, char c) {
  skip(r);
  if (r->at == r->end || *r->at != c)
    return false;
  r->at++;
  return true;
}

static bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool escaped(reader *r) {
  if (r->at == r->end || !strchr("\"\\/bfnrtu", *r->at) || !*r->at)
    return false;
  if (*r->at++ != 'u')
    return true;
  for (int i = 0; i < 4; i++, r->at++)
    if (r->at == r->end || !is_hex(*r->at))
      return false;
  return true;
}

static bool text(reader *r) {
  if (!take(r, '"'))
    return false;
  while (r->at < r->end) {
    char c = *r->at++;
    if (c == '"')
      return true;
    if (c == '\\' ? !escaped(r) : (unsigned char)c < 0x20 && c != MARK)
      return false;
  }
  return false;
}

static bool digits(reader *r) {
  const char *begin = r->at;
  while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
    r->at++;
  return r->at > begin;
}

static bool number(reader *r) {
  if (*r->at == '-')
    r->at++;
  const char *first = r->at;
  if (!digits(r) || (*first == '0' && r->at > first + 1))
    return false;
  if (r->at < r->end && *r->at == '.' && (r->at++, !digits(r)))
    return false;
  if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
    r->at++;
    if (r->at < r->end && (*r->at == '+' || *r->at == '-'))
      r->at++;
    return digits(r);
  }
  return true;
}

static bool word(reader *r, const char *expected) {
  size_t n = strlen(expected);
  bool same = (size_t)(r->end - r->at) >= n && memcmp(r->at, expected, n) == 0;
  r->at += same ? n : 0;
  return same;
}

static bool members(reader *r, char close, bool named) {
  if (take(r, close))
    return true;
  do {
    if (named && (!text(r) || !take(r, ':')))
      return false;
    if (!value(r))
      return false;
  } while (take(r, ','));
  return take(r, close);
}

static bool value(reader *r) {
  skip(r);
  if (r->at == r->end || r->depth == MOST_DEPTH)
    return false;
  bool fine;
  r->depth++;
  switch (*r->at) {
  case '{':
    r->at++;
    fine = members(r, '}', true);
    break;
  case '[':
    r->at++;
    fine = members(r, ']', false);
    break;
  case '"':
    fine = text(r);
    break;
  case 't':
    fine = word(r, "true");
    break;
  case 'f':
    fine = word(r, "false");
    break;
  case 'n':
    fine = word(r, "null");
    break;
  default:
    fine = number(r);
  }
  r->depth--;
  return fine;
}

typedef struct marking {
  aft__buf *out;
  bool sound;
} marking;

static void put_piece(void *user, const aft__piece *piece) {
  marking *m = user;
  aft_str choices = piece->place.choices;
  if (!piece->is_place) {
    m->sound &= !memchr(piece->text.data, MARK, piece->text.len);
    aft__buf_str(m->out, piece->text);
    return;
  }
  for (size_t i = 0; i < choices.len; i++)
    m->sound &= choices.data[i] != '"' && choices.data[i] != '\\' && (unsigned char)choices.data[i] >= 0x20;
  aft__buf_char(m->out, MARK);
}

bool aft__json_shaped(aft_str template, aft__buf *scratch) {
  marking m = {scratch, true};
  aft__buf_clear(scratch);
  aft__template_each(template, put_piece, &m);
  if (scratch->failed || !m.sound)
    return false;
  reader r = {scratch->data, scratch->data + scratch->len, 0};
  if (!scratch->len || !value(&r))
    return false;
  skip(&r);
  return r.at == r.end;
}
