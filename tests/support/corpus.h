/* Labelled texts that are made up on the spot: some clear, some that nobody could tell. */
#ifndef CORPUS_H
#define CORPUS_H

#include <aftersales.h>

typedef struct corpus {
  uint64_t seed;
  uint32_t n, given;
  uint32_t labels;  /* at most 400 */
  uint32_t vague;   /* permille of texts whose label is drawn whatever they say */
  uint32_t fail_at; /* the example that cannot be read, from 1; 0: none */
  char label[16], text[256];
} corpus;

/* An aft_example_fn. A corpus of the same seed gives the same texts. */
int corpus_next(void *user, aft_example *out);

#endif
