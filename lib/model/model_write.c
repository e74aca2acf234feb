/* Writing the image of a model: weights rounded to a byte, small ones left out where they do not fit. */
#include "model/write_priv.h"

#include <math.h>
#include <stdlib.h>

/* ---- weights of all vectors, the strongest kept ---- */

static int by_worth(const void *a, const void *b) {
  const aft__weight *x = a, *y = b;
  if (x->worth != y->worth)
    return x->worth > y->worth ? -1 : 1;
  if (x->bucket != y->bucket)
    return x->bucket < y->bucket ? -1 : 1;
  return x->vector < y->vector ? -1 : x->vector > y->vector;
}

static int by_bucket(const void *a, const void *b) {
  const aft__weight *x = a, *y = b;
  if (x->bucket != y->bucket)
    return x->bucket < y->bucket ? -1 : 1;
  return x->vector < y->vector ? -1 : x->vector > y->vector;
}

static void keep(aft__weights *all, size_t n) {
  if (all->n <= n)
    return;
  qsort(all->item, all->n, sizeof *all->item, by_worth);
  all->n = n;
}

aft_status aft__weights_add(aft__weights *all, uint32_t vector, const float *w, const uint32_t *frequency,
                            uint32_t buckets, aft_error *error) {
  float most = 0;
  for (uint32_t b = 0; b < buckets; b++)
    if (fabsf(w[b]) > most)
      most = fabsf(w[b]);
  all->scale[vector] = most > 0 ? most / 127 : 1;
  for (uint32_t b = 0; b < buckets; b++) {
    if (fabsf(w[b]) * 2 < all->scale[vector])
      continue; /* would be rounded to nothing */
    if (all->n == all->room) {
      size_t to = all->room ? all->room * 2 : 65536;
      void *more = aft__resize(all->env, all->item, all->room * sizeof *all->item, to * sizeof *all->item);
      if (!more)
        return aft__nomem(error);
      all->item = more;
      all->room = to;
    }
    all->item[all->n++] = (aft__weight){w[b], fabsf(w[b]) * sqrtf((float)frequency[b]), b, vector};
  }
  if (all->n > 2 * all->most) {
    all->cut = true;
    keep(all, all->most);
  }
  return AFT_OK;
}

static int by_vector(const void *a, const void *b) {
  const aft__weight *x = a, *y = b;
  if (x->vector != y->vector)
    return x->vector < y->vector ? -1 : 1;
  return x->bucket < y->bucket ? -1 : x->bucket > y->bucket;
}

void aft__weights_renew(aft__weights *all, size_t from, size_t to, uint32_t vector, const float *w,
                        const aft__shape *shape, const uint8_t *steps) {
  float most = 0;
  for (size_t i = from; i < to; i++) {
    uint32_t bucket = all->item[i].bucket;
    all->item[i].w = w[bucket] * (shape->rare ? shape->rarity[steps[bucket]] : 1.0f);
    if (fabsf(all->item[i].w) > most)
      most = fabsf(all->item[i].w);
  }
  all->scale[vector] = most > 0 ? most / 127 : 1;
}

void aft__weights_sort(aft__weights *all) { qsort(all->item, all->n, sizeof *all->item, by_vector); }

void aft__weights_done(aft__weights *all) {
  aft__release(all->env, all->item, all->room * sizeof *all->item);
}

/* ---- sections ---- */

static int8_t rounded(const aft__weights *all, const aft__weight *weight) {
  return (int8_t)lrintf(weight->w / all->scale[weight->vector]);
}

static void put_names(aft__buf *out, const aft__draft *d) {
  uint32_t at = d->head.labels * 4;
  for (uint32_t k = 0; k < d->head.labels; k++) {
    aft__put32(out, at);
    at += (uint32_t)d->labels[k].len + 1;
  }
  for (uint32_t k = 0; k < d->head.labels; k++) {
    aft__buf_str(out, d->labels[k]);
    aft__buf_char(out, '\0');
  }
}

static void put_steps(aft__buf *out, const aft__draft *d) {
  for (uint32_t b = 0; d->shape->rare && b < d->head.buckets; b += 2)
    aft__buf_char(out, (char)(d->steps[b] | (b + 1 < d->head.buckets ? d->steps[b + 1] << 4 : 0)));
}

static void put_dense(aft__buf *out, const aft__draft *d) {
  size_t size = (size_t)d->head.buckets * d->head.vectors;
  char *to = aft__buf_grow(out, size);
  if (!to)
    return;
  memset(to, 0, size);
  for (size_t i = 0; i < d->weights->n; i++) {
    const aft__weight *w = &d->weights->item[i];
    to[(size_t)w->bucket * d->head.vectors + w->vector] = (char)rounded(d->weights, w);
  }
}

/* Items are in order of buckets: one row at a time. */
static size_t row_end(const aft__weights *all, size_t from) {
  size_t to = from;
  while (to < all->n && all->item[to].bucket == all->item[from].bucket)
    to++;
  return to;
}

static void put_groups(aft__buf *out, const aft__draft *d, size_t wide) {
  const aft__weights *all = d->weights;
  size_t i = 0;
  uint32_t place = 0;
  for (uint32_t first = 0; first < d->head.buckets; first += AFT__ROW_GROUP) {
    uint32_t has = 0, size = 0;
    while (i < all->n && all->item[i].bucket < first + AFT__ROW_GROUP) {
      size_t end = row_end(all, i);
      has |= 1u << (all->item[i].bucket - first);
      size += (uint32_t)(wide + (end - i) * (wide + 1));
      i = end;
    }
    aft__put16(out, (uint16_t)has);
    aft__put32(out, place);
    place += size;
  }
}

static void put_number(aft__buf *out, size_t wide, size_t v) {
  if (wide == 2)
    aft__put16(out, (uint16_t)v);
  else
    aft__buf_char(out, (char)v);
}

static void put_rows(aft__buf *out, const aft__draft *d, size_t wide) {
  const aft__weights *all = d->weights;
  for (size_t i = 0; i < all->n;) {
    size_t end = row_end(all, i);
    put_number(out, wide, end - i);
    for (; i < end; i++) {
      put_number(out, wide, all->item[i].vector);
      aft__buf_char(out, (char)rounded(all, &all->item[i]));
    }
  }
}

/* ---- what fits ---- */

static size_t fixed_size(const aft__draft *d) {
  size_t size = AFT__MODEL_HEAD + d->head.vectors * (size_t)8 + d->head.n_bands * (size_t)12 +
                AFT__MODEL_RARITIES * (size_t)4;
  for (uint32_t k = 0; k < d->head.labels; k++)
    size += 4 + d->labels[k].len + 1;
  return size + (d->shape->rare ? (d->head.buckets + (size_t)1) / 2 : 0);
}

static size_t sparse_size(const aft__draft *d, size_t n, size_t wide) {
  size_t rows = 0;
  memset(d->seen, 0, d->head.buckets);
  for (size_t i = 0; i < n; i++) {
    rows += !d->seen[d->weights->item[i].bucket];
    d->seen[d->weights->item[i].bucket] = 1;
  }
  size_t groups = (d->head.buckets + AFT__ROW_GROUP - 1) / AFT__ROW_GROUP;
  return groups * AFT__ROW_GROUP_BYTES + rows * wide + n * (wide + 1);
}

static void prune(const aft__draft *d, size_t wide) {
  size_t fixed = fixed_size(d), n = d->weights->n;
  qsort(d->weights->item, n, sizeof *d->weights->item, by_worth);
  for (size_t size; n > 0 && (size = fixed + sparse_size(d, n, wide)) > d->most;) {
    size_t less = (size - d->most) / (2 * wide + 1) + 1;
    n = n > less ? n - less : 0;
  }
  d->weights->n = n;
}

bool aft__model_prune(aft__draft *d) {
  size_t dense = fixed_size(d) + (size_t)d->head.buckets * d->head.vectors, before = d->weights->n;
  if (dense <= d->most)
    return false;
  d->head.flags |= AFT__MODEL_SPARSE | (d->head.vectors > 256 ? AFT__MODEL_WIDE : 0);
  prune(d, d->head.flags & AFT__MODEL_WIDE ? 2 : 1);
  return d->weights->cut || d->weights->n < before - before / 8;
}

/* ---- the whole ---- */

static void put_head(aft__buf *out, const aft__draft *d) {
  const aft__model_head *h = &d->head;
  const uint32_t numbers[] = {h->grams, h->flags, h->labels, h->vectors, h->buckets, h->n_bands};
  const double figures[] = {h->accuracy,  h->macro_f1, h->ece,   h->wrong, h->doubt,
                            h->threshold, h->coverage, h->slope, h->offset};
  aft__buf_puts(out, AFT__MODEL_MAGIC);
  aft__put16(out, AFT__MODEL_FORMAT);
  aft__put16(out, AFT__MODEL_FORMAT);
  aft__put32(out, AFT__MODEL_HEAD);
  aft__put64(out, 0);
  aft__put64(out, 0);
  for (size_t i = 0; i < AFT__COUNT(numbers); i++)
    aft__put32(out, numbers[i]);
  aft__put64(out, h->examples);
  aft__put32(out, h->calibrated);
  aft__put32(out, 0);
  for (size_t i = 0; i < AFT__COUNT(figures); i++)
    aft__putf64(out, figures[i]);
  for (uint32_t b = 0; b < AFT__GRAM_BLOCKS; b++)
    aft__putf32(out, d->shape->strength[b]);
  for (uint32_t b = 0; b < 8; b++)
    aft__buf_char(out, (char)(b < AFT__GRAM_BLOCKS ? d->shape->norm[b] : 0));
  for (uint32_t s = 0; s <= AFT__MODEL_SECTIONS; s++)
    aft__put32(out, 0);
}

static void set(aft__buf *out, size_t at, uint64_t v, size_t n) {
  for (size_t i = 0; i < n; i++)
    out->data[at + i] = (char)(uint8_t)(v >> (8 * i));
}

static void put_section(aft__buf *out, const aft__draft *d, aft__model_section section) {
  bool sparse = (d->head.flags & AFT__MODEL_SPARSE) != 0;
  size_t wide = d->head.flags & AFT__MODEL_WIDE ? 2 : 1;
  switch (section) {
  case AFT__MODEL_NAMES:
    put_names(out, d);
    break;
  case AFT__MODEL_BIAS:
  case AFT__MODEL_SCALE:
    for (uint32_t v = 0; v < d->head.vectors; v++)
      aft__putf32(out, section == AFT__MODEL_BIAS ? d->bias[v] : d->weights->scale[v]);
    break;
  case AFT__MODEL_BAND:
    for (uint32_t b = 0; b < d->head.n_bands; b++) {
      aft__putf32(out, d->bands[b].least);
      aft__put32(out, d->bands[b].n);
      aft__put32(out, d->bands[b].wrong);
    }
    break;
  case AFT__MODEL_RARITY:
    for (uint32_t s = 0; s < AFT__MODEL_RARITIES; s++)
      aft__putf32(out, d->shape->rarity[s]);
    break;
  case AFT__MODEL_STEPS:
    put_steps(out, d);
    break;
  case AFT__MODEL_WEIGHTS:
    sparse ? put_groups(out, d, wide) : put_dense(out, d);
    break;
  default:
    if (sparse)
      put_rows(out, d, wide);
  }
}

aft_status aft__model_write(aft__draft *d, aft__buf *out, aft_error *error) {
  if (d->head.flags & AFT__MODEL_SPARSE)
    qsort(d->weights->item, d->weights->n, sizeof *d->weights->item, by_bucket);
  put_head(out, d);
  size_t places = AFT__MODEL_HEAD - 4 * (AFT__MODEL_SECTIONS + 1);
  for (uint32_t s = 0; s < AFT__MODEL_SECTIONS; s++) {
    if (!out->failed)
      set(out, places + 4 * s, out->len, 4);
    put_section(out, d, s);
  }
  if (out->failed)
    return aft__nomem(error);
  set(out, 24, out->len, 8);
  set(out, 16, aft__hash64(out->data + AFT__MODEL_CHECKED, out->len - AFT__MODEL_CHECKED, 0), 8);
  return AFT_OK;
}
