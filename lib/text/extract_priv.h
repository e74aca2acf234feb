/* Private to the files that find what a text states. */
#ifndef AFT_EXTRACT_PRIV_H
#define AFT_EXTRACT_PRIV_H

#include "text/text.h"

/* A run of letters and digits, with dashes inside, as ASCII capitals. */
typedef struct aft__token {
  uint32_t begin, end;
  uint32_t n, digits; /* characters without dashes */
  uint32_t dashes;
  char text[48];
} aft__token;

/* The carrier whose numbers have this form, or NULL. Forms that are digits alone are nobody's. */
const char *aft__waybill_carrier(const aft__token *token);

/* An amount of money whose number begins at `at`, with the currency before or behind it. */
bool aft__amount_at(const aft__extract_in *in, uint32_t at, aft__stated *out);

/* A name between quotes that opens at `at`, behind a word such as 商品名 and a colon there, or of a known
 * product. */
bool aft__product_at(const aft__extract_in *in, uint32_t at, aft__stated *out);

#endif
