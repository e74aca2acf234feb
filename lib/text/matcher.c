/* Matching all patterns in one pass: checks and scans the compiled automaton (Aho and Corasick 1975). */
#include "text/matcher_priv.h"

typedef struct parts {
  const aft__matcher_head *head;
  const uint32_t *step, *fail, *rank, *end;
  const aft__matcher_output *outputs; /* number n at n - 1 */
} parts;

static parts open_block(const void *block) {
  parts m;
  m.head = block;
  m.step = (const uint32_t *)(const void *)(m.head + 1);
  m.fail = m.step + m.head->cells;
  m.rank = m.fail + m.head->cells;
  m.end = m.rank + m.head->cells / AFT__RANK_CELLS;
  m.outputs = (const aft__matcher_output *)(const void *)(m.end + m.head->ends);
  return m;
}

static bool head_valid(const aft__matcher_head *head, size_t size) {
  if (head->magic != AFT__MATCHER_MAGIC || head->cells == 0 || head->cells % 256 != 0 ||
      head->cells > AFT__MATCHER_CELLS)
    return false;
  uint64_t need = sizeof *head + UINT64_C(8) * head->cells + UINT64_C(4) * (head->cells / AFT__RANK_CELLS) +
                  UINT64_C(4) * head->ends + UINT64_C(8) * head->outputs;
  return head->bytes == (need + 7) / 8 * 8 && head->bytes <= size;
}

/* Failure links must shorten the text of the state, so that following them ends. */
static bool cell_valid(const parts *m, uint32_t i) {
  uint32_t to = AFT__FAIL_STATE(m->fail[i]);
  if (AFT__STEP_BASE(m->step[i]) >= m->head->cells || to >= m->head->cells)
    return false;
  return to == 0 || AFT__FAIL_LENGTH(m->fail[to]) < AFT__FAIL_LENGTH(m->fail[i]);
}

static bool ends_valid(const parts *m) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < m->head->cells; i++) {
    if (i % AFT__RANK_CELLS == 0 && m->rank[i / AFT__RANK_CELLS] != n)
      return false;
    n += (m->step[i] & AFT__STEP_OUT) != 0;
  }
  if (n != m->head->ends)
    return false;
  for (uint32_t i = 0; i < n; i++)
    if (m->end[i] < 1 || m->end[i] > m->head->outputs)
      return false;
  return true;
}

bool aft__matcher_valid(const void *block, size_t size) {
  if (!block || (uintptr_t)block % 8 != 0 || size < sizeof(aft__matcher_head) || !head_valid(block, size))
    return false;
  parts m = open_block(block);
  for (uint32_t i = 0; i < m.head->cells; i++)
    if (!cell_valid(&m, i))
      return false;
  for (uint32_t i = 0; i < m.head->outputs; i++)
    if (AFT__OUTPUT_LENGTH(m.outputs[i].info) == 0 || AFT__OUTPUT_NEXT(m.outputs[i].info) > i)
      return false;
  return ends_valid(&m);
}

/* Letters and digits of the scripts that put spaces between words: Latin, Greek,
 * Cyrillic, Armenian, with their combining marks. */
static bool in_word(uint32_t c) {
  if (c < 0x80)
    return c - '0' < 10 || (c | 0x20) - 'a' < 26;
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

/* The first output of a state that has some. */
static uint32_t first_output(const parts *m, uint32_t state) {
  uint32_t group = state / AFT__RANK_CELLS, n = m->rank[group];
  for (uint32_t i = group * AFT__RANK_CELLS; i < state; i++)
    n += (m->step[i] & AFT__STEP_OUT) != 0;
  return m->end[n];
}

static bool report(const parts *m, uint32_t number, aft_str text, uint32_t end, aft__match_fn fn,
                   void *user) {
  while (number != 0) {
    const aft__matcher_output *output = &m->outputs[number - 1];
    uint32_t length = AFT__OUTPUT_LENGTH(output->info);
    number = AFT__OUTPUT_NEXT(output->info);
    if (length > end)
      continue;
    aft__match match = {output->id, end - length, end};
    if ((output->info & AFT__OUTPUT_WORD) && !whole_word(text, match.begin, match.end))
      continue;
    if (!fn(user, &match))
      return false;
  }
  return true;
}

void aft__matcher_scan(const void *block, aft_str text, aft__match_fn fn, void *user) {
  const parts m = open_block(block);
  const uint32_t *const step = m.step;
  const uint8_t *bytes = (const uint8_t *)text.data;
  if (text.len > UINT32_MAX)
    text.len = UINT32_MAX;
  uint32_t state = 0;
  uint32_t base = AFT__STEP_BASE(step[0]);
  for (size_t i = 0; i < text.len; i++) {
    const uint32_t c = bytes[i];
    uint32_t next = base ^ c;
    uint32_t word = step[next];
    while ((word & AFT__STEP_BYTE) != c && state != 0) {
      state = AFT__FAIL_STATE(m.fail[state]);
      next = AFT__STEP_BASE(step[state]) ^ c;
      word = step[next];
    }
    if ((word & AFT__STEP_BYTE) != c) {
      base = AFT__STEP_BASE(step[0]);
      continue;
    }
    state = next;
    base = AFT__STEP_BASE(word);
    if ((word & AFT__STEP_OUT) && !report(&m, first_output(&m, next), text, (uint32_t)i + 1, fn, user))
      return;
  }
}
