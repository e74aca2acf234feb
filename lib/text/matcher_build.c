/* Building the matcher's automaton: a trie laid out as a double array, breadth first. */
#include "text/matcher_priv.h"

/*
 * The patterns are sorted by bytes while the trie grows: a node stands for the
 * run of patterns that begin with its text, and its children are that run split
 * by the next byte. Cells are given out by the XOR form of the double array
 * (Aoe 1989), looking for room in the last few blocks of 256 cells only.
 */
#define OPEN_BLOCKS 16u
#define NONE        UINT32_MAX

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

typedef struct cell {
  uint32_t step, fail, out; /* as in the block */
  uint32_t next, prev;      /* of the list of free cells */
  uint16_t taken;
  uint16_t base_used; /* some state has this cell's number as its base */
} cell;

typedef struct trie_node {
  uint32_t low, high; /* run of patterns */
  uint32_t at;        /* its cell */
} trie_node;

typedef struct build {
  const aft_env *env;
  const char *pool;
  const pattern *patterns;
  uint32_t n;
  uint32_t *order, *spare; /* pattern numbers; spare for splitting */
  trie_node *queue;
  uint32_t queued, queue_cap;
  aft__buf cells;
  uint32_t n_cells, free_first, free_last;
  aft__matcher_output *outputs;
  uint32_t n_outputs;
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
  if (builder->pool.len + text.len > AFT__MATCHER_CELLS)
    return AFT_E_TOO_LARGE;
  pattern p = {(uint32_t)builder->pool.len, id, (uint32_t)text.len, flags & 0xFF};
  aft__buf_str(&builder->pool, text);
  aft__buf_add(&builder->patterns, &p, sizeof p);
  return builder->pool.failed || builder->patterns.failed ? AFT_E_NOMEM : AFT_OK;
}

/* ---- cells ---- */

static cell *cell_at(build *b, uint32_t i) { return (cell *)(void *)b->cells.data + i; }

static void unlink_free(build *b, uint32_t i) {
  cell *c = cell_at(b, i);
  if (c->prev == NONE)
    b->free_first = c->next;
  else
    cell_at(b, c->prev)->next = c->next;
  if (c->next == NONE)
    b->free_last = c->prev;
  else
    cell_at(b, c->next)->prev = c->prev;
}

static void close_block(build *b, uint32_t first) {
  for (uint32_t i = first; i < first + 256; i++)
    if (!cell_at(b, i)->taken)
      unlink_free(b, i);
}

/* An empty cell has its own low byte as its edge, which no used base leads to. */
static aft_status add_block(build *b, aft_error *error) {
  if (b->n_cells + 256 > AFT__MATCHER_CELLS)
    return aft__error(error, AFT_E_TOO_LARGE, "matcher", "expected fewer or shorter patterns, found %u",
                      b->n);
  if (!aft__buf_grow(&b->cells, 256 * sizeof(cell)))
    return aft__nomem(error);
  uint32_t first = b->n_cells;
  b->n_cells += 256;
  for (uint32_t i = first; i < b->n_cells; i++) {
    cell c = {i & AFT__STEP_BYTE, 0, 0, NONE, b->free_last, 0, 0};
    *cell_at(b, i) = c;
    if (b->free_last == NONE)
      b->free_first = i;
    else
      cell_at(b, b->free_last)->next = i;
    b->free_last = i;
  }
  if (first >= OPEN_BLOCKS * 256)
    close_block(b, first - OPEN_BLOCKS * 256);
  return AFT_OK;
}

static void take(build *b, uint32_t i, uint32_t byte) {
  unlink_free(b, i);
  cell *c = cell_at(b, i);
  c->taken = 1;
  c->step = AFT__MATCHER_NO_EDGES << 9 | byte;
}

/* A base from which every byte leads to a free cell, or NONE. */
static uint32_t find_base(build *b, const uint8_t *bytes, uint32_t n) {
  for (uint32_t f = b->free_first; f != NONE; f = cell_at(b, f)->next) {
    uint32_t base = f ^ bytes[0];
    if (base % 256 == 0 || base == AFT__MATCHER_NO_EDGES || cell_at(b, base)->base_used)
      continue;
    uint32_t i = 1;
    while (i < n && !cell_at(b, base ^ bytes[i])->taken)
      i++;
    if (i == n)
      return base;
  }
  return NONE;
}

/* A second new block holds what the first, with the root in it, may not. */
static aft_status place(build *b, const uint8_t *bytes, uint32_t n, uint32_t *out, aft_error *error) {
  uint32_t base = find_base(b, bytes, n);
  while (base == NONE) {
    AFT__TRY(add_block(b, error));
    base = find_base(b, bytes, n);
  }
  cell_at(b, base)->base_used = 1;
  *out = base;
  return AFT_OK;
}

/* ---- the trie ---- */

/* 0 for a pattern that ends at this length, its next byte plus 1 otherwise. */
static uint32_t key_of(const build *b, uint32_t number, uint32_t length) {
  const pattern *p = &b->patterns[number];
  return p->length == length ? 0 : (uint32_t)(uint8_t)b->pool[p->at + length] + 1;
}

static void split_small(build *b, uint32_t low, uint32_t high, uint32_t length) {
  for (uint32_t i = low + 1; i < high; i++) {
    uint32_t number = b->order[i], key = key_of(b, number, length), j = i;
    for (; j > low && key_of(b, b->order[j - 1], length) > key; j--)
      b->order[j] = b->order[j - 1];
    b->order[j] = number;
  }
}

/* Sorts a run by the byte at a length, equal ones staying in order. */
static void split(build *b, uint32_t low, uint32_t high, uint32_t length) {
  if (high - low <= 24) {
    split_small(b, low, high, length);
    return;
  }
  uint32_t begin[258] = {0};
  for (uint32_t i = low; i < high; i++)
    begin[key_of(b, b->order[i], length) + 1]++;
  for (uint32_t k = 1; k < AFT__COUNT(begin); k++)
    begin[k] += begin[k - 1];
  for (uint32_t i = low; i < high; i++)
    b->spare[low + begin[key_of(b, b->order[i], length)]++] = b->order[i];
  memcpy(b->order + low, b->spare + low, (high - low) * sizeof *b->order);
}

/* Where the automaton goes from a state when its text has no edge: the longest
 * proper suffix that, with the byte, is some state's text. */
static uint32_t follow(build *b, uint32_t state, uint32_t byte) {
  for (;;) {
    uint32_t to = AFT__STEP_BASE(cell_at(b, state)->step) ^ byte;
    if ((cell_at(b, to)->step & AFT__STEP_BYTE) == byte)
      return to;
    if (state == 0)
      return 0;
    state = AFT__FAIL_STATE(cell_at(b, state)->fail);
  }
}

/* Outputs of a state: its own patterns in the order in which they were added, then the suffix's. */
static void add_outputs(build *b, const trie_node *node, uint32_t own) {
  cell *c = cell_at(b, node->at);
  uint32_t next = node->at == 0 ? 0 : cell_at(b, AFT__FAIL_STATE(c->fail))->out;
  for (uint32_t i = own; i > 0; i--) {
    const pattern *p = &b->patterns[b->order[node->low + i - 1]];
    aft__matcher_output *output = &b->outputs[b->n_outputs++];
    output->id = p->id;
    output->info = next << 9 | (p->flags & AFT__MATCH_WORD ? AFT__OUTPUT_WORD : 0) | p->length;
    next = b->n_outputs;
  }
  c->out = next;
  if (next != 0)
    c->step |= AFT__STEP_OUT;
}

static aft_status add_children(build *b, const trie_node *parent, const uint8_t *bytes, const uint32_t *begin,
                               uint32_t n, aft_error *error) {
  uint32_t base, at = parent->at;
  AFT__TRY(place(b, bytes, n, &base, error));
  uint32_t length = AFT__FAIL_LENGTH(cell_at(b, at)->fail) + 1;
  uint32_t suffix = AFT__FAIL_STATE(cell_at(b, at)->fail);
  for (uint32_t i = 0; i < n; i++) {
    uint32_t to = base ^ bytes[i];
    take(b, to, bytes[i]);
    uint32_t fail = at == 0 ? 0 : follow(b, suffix, bytes[i]);
    cell_at(b, to)->fail = fail << 8 | length;
    trie_node child = {begin[i], begin[i + 1], to};
    b->queue[b->queued++] = child;
  }
  cell *c = cell_at(b, at);
  c->step = base << 9 | (c->step & 0x1FF);
  return AFT_OK;
}

static aft_status expand(build *b, trie_node node, aft_error *error) {
  uint8_t bytes[256];
  uint32_t begin[257];
  uint32_t length = AFT__FAIL_LENGTH(cell_at(b, node.at)->fail), n = 0, i = node.low;
  split(b, node.low, node.high, length);
  while (i < node.high && key_of(b, b->order[i], length) == 0)
    i++;
  add_outputs(b, &node, i - node.low);
  for (; i < node.high; i++) {
    uint32_t key = key_of(b, b->order[i], length);
    if (n == 0 || key != bytes[n - 1] + 1u) {
      begin[n] = i;
      bytes[n++] = (uint8_t)(key - 1);
    }
  }
  begin[n] = node.high;
  return n == 0 ? AFT_OK : add_children(b, &node, bytes, begin, n, error);
}

static aft_status grow_trie(build *b, aft_error *error) {
  AFT__TRY(add_block(b, error));
  take(b, 0, 0);
  for (uint32_t i = 0; i < b->n; i++)
    b->order[i] = i;
  trie_node root = {0, b->n, 0};
  b->queue[b->queued++] = root;
  for (uint32_t i = 0; i < b->queued; i++)
    AFT__TRY(expand(b, b->queue[i], error));
  return AFT_OK;
}

/* ---- the block ---- */

static uint32_t count_ends(build *b) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < b->n_cells; i++)
    n += (cell_at(b, i)->step & AFT__STEP_OUT) != 0;
  return n;
}

static void write_cells(build *b, uint32_t *p) {
  uint32_t *step = p, *fail = step + b->n_cells, *rank = fail + b->n_cells;
  uint32_t *end = rank + b->n_cells / AFT__RANK_CELLS, n = 0;
  for (uint32_t i = 0; i < b->n_cells; i++) {
    const cell *c = cell_at(b, i);
    step[i] = c->step;
    fail[i] = c->fail;
    if (i % AFT__RANK_CELLS == 0)
      rank[i / AFT__RANK_CELLS] = n;
    if (c->step & AFT__STEP_OUT)
      end[n++] = c->out;
  }
}

static aft_status write_block(build *b, aft__buf *out, aft_error *error) {
  uint32_t ends = count_ends(b);
  size_t words = (size_t)2 * b->n_cells + b->n_cells / AFT__RANK_CELLS + ends;
  size_t outputs = b->n_outputs * sizeof(aft__matcher_output);
  size_t used = sizeof(aft__matcher_head) + 4 * words + outputs;
  size_t bytes = (used + 7) / 8 * 8;
  uint32_t *cells = aft__alloc(b->env, 4 * words);
  char *p = cells ? aft__buf_grow(out, bytes) : NULL;
  if (!p) {
    aft__release(b->env, cells, 4 * words);
    return aft__nomem(error);
  }
  aft__matcher_head head = {
      AFT__MATCHER_MAGIC, (uint32_t)bytes, b->n_cells, b->n_outputs, b->n, b->queued, ends, 0};
  write_cells(b, cells);
  memcpy(p, &head, sizeof head);
  p += sizeof head;
  memcpy(p, cells, 4 * words);
  p += 4 * words;
  if (outputs != 0)
    memcpy(p, b->outputs, outputs);
  memset(p + outputs, 0, bytes - used);
  aft__release(b->env, cells, 4 * words);
  return AFT_OK;
}

static void release(build *b) {
  aft__release(b->env, b->order, b->n * sizeof *b->order);
  aft__release(b->env, b->spare, b->n * sizeof *b->spare);
  aft__release(b->env, b->outputs, b->n * sizeof *b->outputs);
  aft__release(b->env, b->queue, b->queue_cap * sizeof *b->queue);
  aft__buf_done(&b->cells);
}

static bool allocate(build *b) {
  b->queue = aft__alloc(b->env, b->queue_cap * sizeof *b->queue);
  if (!b->queue || b->n == 0)
    return b->queue != NULL;
  b->order = aft__alloc(b->env, b->n * sizeof *b->order);
  b->spare = aft__alloc(b->env, b->n * sizeof *b->spare);
  b->outputs = aft__alloc(b->env, b->n * sizeof *b->outputs);
  return b->order && b->spare && b->outputs;
}

aft_status aft__matcher_build(aft__matcher_builder *builder, aft__buf *out, aft_error *error) {
  if (builder->pool.failed || builder->patterns.failed)
    return aft__nomem(error);
  build b;
  memset(&b, 0, sizeof b);
  b.env = builder->env;
  b.pool = builder->pool.data;
  b.patterns = (const pattern *)(const void *)builder->patterns.data;
  b.n = (uint32_t)(builder->patterns.len / sizeof(pattern));
  b.queue_cap = (uint32_t)builder->pool.len + 1;
  b.free_first = b.free_last = NONE;
  aft__buf_init(&b.cells, b.env);
  aft_status status = allocate(&b) ? grow_trie(&b, error) : aft__nomem(error);
  if (status >= 0)
    status = write_block(&b, out, error);
  release(&b);
  return status;
}
