/* Building the matcher's trie: patterns sorted by their bytes from the last to the first. */
#include "text/matcher_priv.h"

#include <stdlib.h>

typedef struct pattern {
  uint32_t at; /* of its first byte in the pool */
  uint32_t id;
  uint32_t length, flags;
} pattern;

struct aft__matcher_builder {
  const aft_env *env;
  aft__buf pool;
  aft__buf patterns;
};

typedef struct sorted {
  const uint8_t *end; /* behind the last byte */
  uint32_t length;
  uint32_t number; /* equal ones stay in the order in which they were added */
} sorted;

/* Stands for a run of sorted patterns that have their last bytes in common. */
typedef struct trie_node {
  uint32_t low, own, high;      /* the run; low to own: those without further bytes */
  uint32_t label_at, label_len; /* in bytes from the end */
  uint32_t first, children;     /* nodes */
  uint32_t behind;              /* how far its last child lies behind its first one */
  uint32_t size, at;            /* in the block */
} trie_node;

#define ROOTS 2u

typedef struct build {
  const aft_env *env;
  const pattern *patterns;
  uint32_t n;
  sorted *list; /* all, and behind them those without AFT__MATCH_WORD */
  uint32_t listed;
  aft__buf nodes; /* breadth first; the first are the two roots, which lie in the head */
} build;

aft__matcher_builder *aft__matcher_builder_new(const aft_env *env) {
  aft__matcher_builder *builder = aft__zalloc(env, sizeof *builder);
  if (!builder)
    return NULL;
  builder->env = env;
  aft__buf_init(&builder->pool, env);
  aft__buf_init(&builder->patterns, env);
  return builder;
}

void aft__matcher_builder_free(aft__matcher_builder *builder) {
  if (!builder)
    return;
  aft__buf_done(&builder->pool);
  aft__buf_done(&builder->patterns);
  aft__release(builder->env, builder, sizeof *builder);
}

aft_status aft__matcher_add(aft__matcher_builder *builder, aft_str text, uint32_t id, uint32_t flags) {
  if (text.len < 1 || text.len > 255)
    return AFT_E_INVALID;
  if (builder->pool.len + text.len > AFT__MATCHER_MOST)
    return AFT_E_TOO_LARGE;
  pattern p = {(uint32_t)builder->pool.len, id, (uint32_t)text.len, flags & 0xFF};
  aft__buf_str(&builder->pool, text);
  aft__buf_add(&builder->patterns, &p, sizeof p);
  return builder->pool.failed || builder->patterns.failed ? AFT_E_NOMEM : AFT_OK;
}

/* ---- the trie ---- */

static uint32_t common(const sorted *a, const sorted *b, uint32_t from) {
  uint32_t most = a->length < b->length ? a->length : b->length;
  while (from < most && a->end[-1 - (int64_t)from] == b->end[-1 - (int64_t)from])
    from++;
  return from;
}

static int by_end(const void *a, const void *b) {
  const sorted *x = a, *y = b;
  uint32_t n = common(x, y, 0);
  if (n < x->length && n < y->length)
    return x->end[-1 - (int64_t)n] < y->end[-1 - (int64_t)n] ? -1 : 1;
  if (x->length != y->length)
    return x->length < y->length ? -1 : 1;
  return x->number < y->number ? -1 : 1;
}

static trie_node *node_at(const build *b, uint32_t i) { return (trie_node *)(void *)b->nodes.data + i; }
static uint32_t count_nodes(const build *b) { return (uint32_t)(b->nodes.len / sizeof(trie_node)); }
static uint8_t byte_at(const build *b, uint32_t i, uint32_t depth) {
  return b->list[i].end[-1 - (int64_t)depth];
}

static void add_node(build *b, uint32_t low, uint32_t high, uint32_t depth) {
  trie_node node = {.low = low, .own = low, .high = high, .label_at = depth};
  aft__buf_add(&b->nodes, &node, sizeof node);
}

/* One child for each next byte in the run. */
static void expand(build *b, uint32_t i) {
  trie_node node = *node_at(b, i);
  uint32_t depth = node.label_at;
  if (i >= ROOTS) /* roots have no label */
    depth = common(&b->list[node.low], &b->list[node.high - 1], depth);
  node.label_len = depth - node.label_at;
  while (node.own < node.high && b->list[node.own].length == depth)
    node.own++;
  node.first = count_nodes(b);
  for (uint32_t low = node.own, k = low; k < node.high; k++) {
    if (k + 1 < node.high && byte_at(b, k + 1, depth) == byte_at(b, low, depth))
      continue;
    add_node(b, low, k + 1, depth + 1);
    low = k + 1;
  }
  node.children = count_nodes(b) - node.first;
  if (!b->nodes.failed)
    *node_at(b, i) = node;
}

/* ---- sizes and places ---- */

static uint32_t varint_size(uint64_t value) {
  uint32_t n = 1;
  while (value >>= 7)
    n++;
  return n;
}

static uint64_t output_of(const build *b, uint32_t i) {
  const pattern *p = &b->patterns[b->list[i].number];
  return (uint64_t)p->id << 1 | (p->flags & AFT__MATCH_WORD ? AFT__OUTPUT_WORD : 0);
}

static uint32_t width_of(const trie_node *node) {
  if (node->children == 0)
    return 0;
  return node->behind < 0x100 ? 1 : node->behind < 0x10000 ? 2 : 3;
}

static uint64_t size_of(const build *b, const trie_node *node) {
  uint32_t outputs = node->own - node->low;
  uint64_t size = UINT64_C(1) + node->label_len + (node->label_len >= AFT__NODE_LONG_LABEL);
  if (node->children > 0)
    size += 4 + (node->children > AFT__NODE_LIST_MOST ? 32 : node->children) +
            (uint64_t)width_of(node) * (node->children - 1);
  if (outputs >= AFT__NODE_MANY_OUTPUTS)
    size += varint_size(outputs);
  for (uint32_t i = node->low; i < node->own; i++)
    size += varint_size(output_of(b, i));
  return size;
}

/* Children first: how wide a node's offsets are depends on the sizes of its children. */
static bool measure(build *b) {
  uint64_t total = sizeof(aft__matcher_head);
  for (uint32_t i = count_nodes(b); i > ROOTS; i--) {
    trie_node *node = node_at(b, i - 1);
    for (uint32_t k = 0; k + 1 < node->children; k++)
      node->behind += node_at(b, node->first + k)->size;
    uint64_t size = size_of(b, node);
    total += size;
    if (total > AFT__MATCHER_MOST - 8)
      return false;
    node->size = (uint32_t)size;
  }
  return true;
}

static uint32_t place(build *b) {
  uint32_t at = sizeof(aft__matcher_head);
  for (uint32_t i = ROOTS; i < count_nodes(b); i++) {
    node_at(b, i)->at = at;
    at += node_at(b, i)->size;
  }
  return at;
}

/* ---- the block ---- */

static uint8_t *put_number(uint8_t *p, uint32_t value, uint32_t width) {
  for (uint32_t i = 0; i < width; i++)
    *p++ = (uint8_t)(value >> 8 * i);
  return p;
}

static uint8_t *put_varint(uint8_t *p, uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    *p++ = (uint8_t)(value | 0x80);
  *p++ = (uint8_t)value;
  return p;
}

static uint8_t *put_label(const build *b, const trie_node *node, uint8_t *p) {
  uint32_t outputs = node->own - node->low, len = node->label_len;
  bool many = outputs >= AFT__NODE_MANY_OUTPUTS, is_long = len >= AFT__NODE_LONG_LABEL;
  uint32_t flags = width_of(node) | (node->children > AFT__NODE_LIST_MOST ? AFT__NODE_MAP : 0) |
                   (many ? AFT__NODE_MANY_OUTPUTS : outputs) << 3 |
                   (is_long ? AFT__NODE_LONG_LABEL : len) << 5;
  *p++ = (uint8_t)flags;
  if (is_long)
    *p++ = (uint8_t)len;
  memcpy(p, b->list[node->low].end - node->label_at - len, len);
  return p + len;
}

static uint8_t *put_children(const build *b, const trie_node *node, uint8_t *p) {
  const trie_node *child = node_at(b, node->first);
  bool map = node->children > AFT__NODE_LIST_MOST;
  uint64_t bits[4] = {0};
  *p++ = (uint8_t)(node->children - 1);
  p = put_number(p, child->at, 3);
  for (uint32_t i = 0; i < node->children; i++) {
    uint8_t byte = byte_at(b, child[i].low, child[i].label_at - 1);
    bits[byte / 64] |= UINT64_C(1) << byte % 64;
    if (!map)
      p[i] = byte;
  }
  if (map)
    memcpy(p, bits, sizeof bits);
  p += map ? sizeof bits : node->children;
  for (uint32_t i = 1; i < node->children; i++)
    p = put_number(p, child[i].at - child->at, width_of(node));
  return p;
}

static void put_node(const build *b, const trie_node *node, uint8_t *p) {
  uint32_t outputs = node->own - node->low;
  p = put_label(b, node, p);
  if (node->children > 0)
    p = put_children(b, node, p);
  if (outputs >= AFT__NODE_MANY_OUTPUTS)
    p = put_varint(p, outputs);
  for (uint32_t i = node->low; i < node->own; i++)
    p = put_varint(p, output_of(b, i));
}

static bool whole_characters(const build *b) {
  for (uint32_t i = 0; i < b->n; i++) {
    const sorted *s = &b->list[i];
    if (aft__utf8_check(aft__str((const char *)s->end - s->length, s->length), NULL) < 0)
      return false;
  }
  return true;
}

static aft_status write_block(build *b, aft__buf *out, aft_error *error) {
  if (!measure(b))
    return aft__error(error, AFT_E_TOO_LARGE, "matcher", "expected fewer or shorter patterns, found %u",
                      b->n);
  aft__matcher_head head = {.magic = AFT__MATCHER_MAGIC, .patterns = b->n, .characters = whole_characters(b)};
  head.end = place(b);
  head.bytes = (head.end + 7) / 8 * 8;
  for (uint32_t r = 0; r < ROOTS; r++)
    for (uint32_t i = 0; i < node_at(b, r)->children; i++) {
      const trie_node *child = node_at(b, node_at(b, r)->first + i);
      head.root[r][byte_at(b, child->low, 0)] = child->at;
    }
  uint8_t *block = (uint8_t *)aft__buf_grow(out, head.bytes);
  if (!block)
    return aft__nomem(error);
  memset(block, 0, head.bytes);
  memcpy(block, &head, sizeof head);
  for (uint32_t i = ROOTS; i < count_nodes(b); i++)
    put_node(b, node_at(b, i), block + node_at(b, i)->at);
  return AFT_OK;
}

/* Patterns that have none of the flags, sorted, as a trie of their own. */
static void add_root(build *b, const char *pool, uint32_t without) {
  uint32_t low = b->listed;
  for (uint32_t i = 0; i < b->n; i++) {
    const pattern *p = &b->patterns[i];
    if (!(p->flags & without))
      b->list[b->listed++] = (sorted){(const uint8_t *)pool + p->at + p->length, p->length, i};
  }
  if (b->listed > low + 1)
    qsort(b->list + low, b->listed - low, sizeof *b->list, by_end);
  add_node(b, low, b->listed, 0);
}

static aft_status grow_tries(build *b, const char *pool, aft_error *error) {
  add_root(b, pool, 0);
  add_root(b, pool, AFT__MATCH_WORD);
  for (uint32_t i = 0; i < count_nodes(b) && !b->nodes.failed; i++)
    expand(b, i);
  return b->nodes.failed ? aft__nomem(error) : AFT_OK;
}

aft_status aft__matcher_build(aft__matcher_builder *builder, aft__buf *out, aft_error *error) {
  if (builder->pool.failed || builder->patterns.failed)
    return aft__nomem(error);
  build b = {.env = builder->env, .patterns = (const pattern *)(const void *)builder->patterns.data};
  b.n = (uint32_t)(builder->patterns.len / sizeof(pattern));
  aft__buf_init(&b.nodes, b.env);
  size_t room = ((size_t)2 * b.n + 1) * sizeof *b.list;
  b.list = aft__alloc(b.env, room);
  aft_status status = b.list ? grow_tries(&b, builder->pool.data, error) : aft__nomem(error);
  if (status >= 0)
    status = write_block(&b, out, error);
  aft__release(b.env, b.list, room);
  aft__buf_done(&b.nodes);
  return status;
}
