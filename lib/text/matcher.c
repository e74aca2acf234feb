/* Matching all patterns in one pass: checks the compiled tries, and goes back along one from each place. */
#include "text/matcher_priv.h"

#define LONGEST 255u

/* A node taken apart. */
typedef struct node {
  uint32_t label, label_len;
  uint32_t width, map, children;
  uint32_t first;            /* child */
  uint32_t bytes, offsets;   /* of the children */
  uint32_t n_outputs, begin; /* begin of what stands behind the children */
} node;

static inline uint32_t number(const uint8_t *p, uint32_t width) {
  uint32_t n = p[0];
  if (width > 1)
    n |= (uint32_t)p[1] << 8;
  if (width > 2)
    n |= (uint32_t)p[2] << 16;
  return n;
}

static inline uint64_t bits_of(const uint8_t *map, uint32_t group) {
  uint64_t bits;
  memcpy(&bits, map + (size_t)8 * group, sizeof bits);
  return bits;
}

/* Adds neighbours in parallel (Warren, Hacker's Delight, 5-1): not every processor counts bits. */
static inline uint32_t count_bits(uint64_t bits) {
  bits -= bits >> 1 & UINT64_C(0x5555555555555555);
  bits = (bits & UINT64_C(0x3333333333333333)) + (bits >> 2 & UINT64_C(0x3333333333333333));
  bits = (bits + (bits >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
  return (uint32_t)(bits * UINT64_C(0x0101010101010101) >> 56);
}

static inline void read_label(const uint8_t *block, uint32_t at, node *n) {
  uint32_t flags = block[at++];
  n->width = AFT__NODE_WIDTH(flags);
  n->map = flags & AFT__NODE_MAP;
  n->n_outputs = AFT__NODE_OUTPUTS(flags);
  n->label_len = AFT__NODE_LABEL(flags);
  if (n->label_len == AFT__NODE_LONG_LABEL)
    n->label_len = block[at++];
  n->label = at;
}

static inline void read_children(const uint8_t *block, node *n) {
  uint32_t at = n->label + n->label_len;
  n->children = 0;
  if (n->width > 0) {
    n->children = block[at] + 1u;
    n->first = number(block + at + 1, 3);
    n->bytes = at + 4;
    n->offsets = n->bytes + (n->map ? 32 : n->children);
    at = n->offsets + n->width * (n->children - 1);
  }
  n->begin = at;
}

static inline uint32_t child_at(const uint8_t *block, const node *n, uint32_t i) {
  return i == 0 ? n->first : n->first + number(block + n->offsets + n->width * (i - 1), n->width);
}

static inline uint64_t varint(const uint8_t *block, uint32_t *at) {
  uint64_t value = 0;
  uint32_t shift = 0;
  uint8_t byte;
  do {
    byte = block[(*at)++];
    value |= (uint64_t)(byte & 0x7F) << shift;
    shift += 7;
  } while (byte >= 0x80);
  return value;
}

/* ---- checking ---- */

static bool varint_inside(const uint8_t *block, uint32_t end, uint32_t *at, uint64_t *value) {
  *value = 0;
  for (uint32_t shift = 0; shift < 35 && *at < end; shift += 7) {
    uint8_t byte = block[(*at)++];
    *value |= (uint64_t)(byte & 0x7F) << shift;
    if (byte < 0x80)
      return true;
  }
  return false;
}

static bool outputs_inside(const uint8_t *block, uint32_t end, const node *n, uint32_t *at) {
  uint64_t left = n->n_outputs, value;
  *at = n->begin;
  if (left == AFT__NODE_MANY_OUTPUTS && !varint_inside(block, end, at, &left))
    return false;
  for (; left > 0; left--)
    if (!varint_inside(block, end, at, &value))
      return false;
  return true;
}

/* As many bits as children. */
static bool map_valid(const uint8_t *block, const node *n) {
  uint32_t bits = 0;
  for (uint32_t i = 0; i < 4; i++)
    bits += count_bits(bits_of(block + n->bytes, i));
  return bits == n->children;
}

/* Reads a node whose every byte lies before the end; *next is where the one behind it begins. */
static bool node_inside(const uint8_t *block, uint32_t end, uint32_t at, node *n, uint32_t *next) {
  if (at >= end || end - at < 2)
    return false;
  read_label(block, at, n);
  uint32_t children = n->label + n->label_len;
  if (children > end || (n->width > 0 && end - children < 4))
    return false;
  read_children(block, n);
  return n->begin <= end && (!n->map || (n->width > 0 && map_valid(block, n))) &&
         outputs_inside(block, end, n, next);
}

/* Reads a node that was found to be inside. Returns where the one behind it begins. */
static uint32_t read_again(const uint8_t *block, uint32_t at, node *n) {
  read_label(block, at, n);
  read_children(block, n);
  at = n->begin;
  uint64_t left = n->n_outputs == AFT__NODE_MANY_OUTPUTS ? varint(block, &at) : n->n_outputs;
  for (; left > 0; at++)
    left -= block[at] < 0x80;
  return at;
}

/* Breadth first and without gaps, every place that is written in a node is that of the next node. */
static bool nodes_valid(const aft__matcher_head *head) {
  const uint8_t *block = (const uint8_t *)head;
  uint32_t at = sizeof *head, next = at;
  node n, child;
  for (uint32_t i = 0; i < 512; i++) {
    uint32_t place = head->root[i / 256][i % 256];
    if (place != 0 && (place != next || !node_inside(block, head->end, next, &child, &next)))
      return false;
  }
  while (at < next) {
    at = read_again(block, at, &n);
    for (uint32_t i = 0; i < n.children; i++)
      if (child_at(block, &n, i) != next || !node_inside(block, head->end, next, &child, &next))
        return false;
  }
  return at == head->end;
}

bool aft__matcher_valid(const void *block, size_t size) {
  const aft__matcher_head *head = block;
  if (!block || (uintptr_t)block % 8 != 0 || size < sizeof *head)
    return false;
  return head->magic == AFT__MATCHER_MAGIC && head->bytes <= AFT__MATCHER_MOST && head->bytes <= size &&
         head->end >= sizeof *head && head->bytes == (head->end + 7) / 8 * 8 && nodes_valid(head);
}

/* ---- whole words ---- */

static inline bool in_ascii_word(uint32_t c) { return c - '0' < 10 || (c | 0x20) - 'a' < 26; }

/* Letters and digits of the scripts that put spaces between words: Latin, Greek,
 * Cyrillic, Armenian, with their combining marks. */
static bool in_word(uint32_t c) {
  if (c < 0x80)
    return in_ascii_word(c);
  return (c >= 0xC0 && c <= 0x587 && c != 0xD7 && c != 0xF7) || (c >= 0x1E00 && c <= 0x1FFF);
}

static bool word_after(aft_str text, size_t at) {
  uint32_t c;
  if (at >= text.len)
    return false;
  aft__utf8_next(text.data + at, text.data + text.len, &c);
  return in_word(c);
}

static bool word_before(aft_str text, size_t at) {
  if (at == 0)
    return false;
  size_t begin = at - 1;
  while (begin > 0 && at - begin < 4 && ((uint8_t)text.data[begin] & 0xC0) == 0x80)
    begin--;
  return word_after(text, begin);
}

/* An end inside a word is one with word characters on both of its sides. */
static bool whole_word(aft_str text, size_t begin, size_t end) {
  return !(word_after(text, begin) && word_before(text, begin)) &&
         !(word_before(text, end) && word_after(text, end));
}

/* ---- scanning ---- */

typedef struct scan {
  const uint8_t *block;
  aft_str text;
  aft__match_fn fn;
  void *user;
} scan;

/* Patterns that reach from begin to the place where the scan stands. */
typedef struct hit {
  uint32_t outputs; /* place in the block */
  uint32_t n, begin;
} hit;

static bool report(const scan *s, const hit *h, uint32_t end) {
  uint32_t at = h->outputs;
  uint64_t left = h->n == AFT__NODE_MANY_OUTPUTS ? varint(s->block, &at) : h->n;
  int whole = -1; /* not known yet */
  for (; left > 0; left--) {
    uint64_t output = varint(s->block, &at);
    aft__match match = {(uint32_t)(output >> 1), h->begin, end};
    if (output & AFT__OUTPUT_WORD) {
      if (whole < 0)
        whole = whole_word(s->text, h->begin, end);
      if (!whole)
        continue;
    }
    if (!s->fn(s->user, &match))
      return false;
  }
  return true;
}

/* Place of the child to which a byte leads, or 0. */
static inline uint32_t find_child(const uint8_t *block, const node *n, uint32_t byte) {
  const uint8_t *bytes = block + n->bytes;
  if (!n->map) {
    for (uint32_t i = 0; i < n->children; i++)
      if (bytes[i] == byte)
        return child_at(block, n, i);
    return 0;
  }
  uint32_t group = byte / 64;
  uint64_t bits = bits_of(bytes, group), bit = UINT64_C(1) << byte % 64;
  if (!(bits & bit))
    return 0;
  uint32_t i = count_bits(bits & (bit - 1));
  while (group > 0)
    i += count_bits(bits_of(bytes, --group));
  return child_at(block, n, i);
}

static inline bool label_fits(const scan *s, const node *n, uint32_t left) {
  const uint8_t *label = s->block + n->label, *text = (const uint8_t *)s->text.data + left - n->label_len;
  for (uint32_t i = n->label_len; i > 0; i--)
    if (label[i - 1] != text[i - 1])
      return false;
  return true;
}

/* All patterns that end where the scan stands, the longest first. */
static bool go_back(const scan *s, uint32_t at, uint32_t end) {
  hit hits[LONGEST];
  uint32_t n_hits = 0, left = end - 1;
  node n;
  while (at != 0 && n_hits < LONGEST) {
    read_label(s->block, at, &n);
    if (n.label_len > left || !label_fits(s, &n, left))
      break;
    left -= n.label_len;
    read_children(s->block, &n);
    if (n.n_outputs > 0)
      hits[n_hits++] = (hit){n.begin, n.n_outputs, left};
    if (n.children == 0 || left == 0)
      break;
    at = find_child(s->block, &n, (uint8_t)s->text.data[--left]);
  }
  while (n_hits > 0)
    if (!report(s, &hits[--n_hits], end))
      return false;
  return true;
}

void aft__matcher_scan(const void *block, aft_str text, aft__match_fn fn, void *user) {
  const aft__matcher_head *head = block;
  if (text.len > UINT32_MAX)
    text.len = UINT32_MAX;
  const scan s = {block, text, fn, user};
  const uint8_t *bytes = (const uint8_t *)text.data;
  const uint32_t len = (uint32_t)text.len;
  for (uint32_t i = 0; i < len; i++) {
    uint32_t after = i + 1 < len ? bytes[i + 1] : ' ';
    bool inside = head->characters && (after & 0xC0) == 0x80;
    uint32_t at = head->root[in_ascii_word(bytes[i]) && in_ascii_word(after)][bytes[i]];
    if (at != 0 && !inside && !go_back(&s, at, i + 1))
      return;
  }
}
