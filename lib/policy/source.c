/* The content of a policy inside its image: closed texts between marks, so that other sections refer to them.
 */
#include "policy/policy_priv.h"

/*
 * A value is a map or a list between its mark and CLOSE, or a text up to its NUL. A map's items are a text
 * and a value each. A text that begins with the byte of a mark has PLAIN before it.
 */
enum {
  MARK_MAP = 1,
  MARK_LIST = 2,
  MARK_CLOSE = 3,
  MARK_PLAIN = 4
};

static void write_text(aft__compile *cx, aft_str text) {
  aft__buf *block = &cx->section[AFT__SECTION_TEXTS];
  if (text.len > 0 && text.data[0] >= MARK_MAP && text.data[0] <= MARK_PLAIN)
    aft__buf_char(block, MARK_PLAIN);
  if (text.len > 0 && aft__map_put(&cx->texts, text, (uint32_t)block->len, NULL) < 0)
    cx->nomem = true;
  aft__buf_str(block, text);
  aft__buf_char(block, '\0');
}

static void write_value(aft__compile *cx, const aft__node *node) {
  aft__buf *block = &cx->section[AFT__SECTION_TEXTS];
  if (node->kind != AFT__NODE_MAP && node->kind != AFT__NODE_LIST) {
    write_text(cx, node->text);
    return;
  }
  aft__buf_char(block, node->kind == AFT__NODE_MAP ? MARK_MAP : MARK_LIST);
  for (uint32_t i = 0; i < node->count; i++) {
    if (node->kind == AFT__NODE_MAP)
      write_text(cx, node->items[i].key);
    write_value(cx, node->items[i].value);
  }
  aft__buf_char(block, MARK_CLOSE);
}

void aft__source_write(aft__compile *cx) {
  aft__buf *block = &cx->section[AFT__SECTION_TEXTS];
  size_t before = block->len;
  write_value(cx, cx->root);
  cx->source_size = (uint32_t)(block->len - before);
  aft__buf_char(block, '\0'); /* closes the block, whatever follows */
}

typedef struct reader {
  const char *p, *end;
  aft__json json;
} reader;

static bool read_text(reader *r, aft_str *out) {
  if (r->p < r->end && *r->p == MARK_PLAIN)
    r->p++;
  const char *nul = r->p < r->end ? memchr(r->p, '\0', (size_t)(r->end - r->p)) : NULL;
  if (!nul)
    return false;
  *out = aft__str(r->p, (size_t)(nul - r->p));
  r->p = nul + 1;
  return true;
}

static bool read_value(reader *r, uint32_t depth) {
  aft_str text;
  char mark = r->p < r->end ? *r->p : 0;
  if (mark != MARK_MAP && mark != MARK_LIST) {
    if (!read_text(r, &text))
      return false;
    aft__json_str(&r->json, text);
    return true;
  }
  if (depth == AFT__POLICY_DEPTH)
    return false;
  r->p++;
  aft__json_open(&r->json, mark == MARK_MAP ? '{' : '[');
  while (r->p < r->end && *r->p != MARK_CLOSE) {
    if (mark == MARK_MAP) {
      if (!read_text(r, &text))
        return false;
      aft__json_key(&r->json, text.data);
    }
    if (!read_value(r, depth + 1))
      return false;
  }
  if (r->p == r->end)
    return false;
  r->p++;
  aft__json_close(&r->json, mark == MARK_MAP ? '}' : ']');
  return true;
}

bool aft__source_read(aft_str source, aft__buf *out) {
  reader r = {.p = source.data, .end = source.data + source.len};
  aft__json_init(&r.json, out);
  return read_value(&r, 0) && r.p == r.end;
}
