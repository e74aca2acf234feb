/* Private to lib/text: the tokens of the form in which texts are searched. */
#ifndef AFT_TERMS_PRIV_H
#define AFT_TERMS_PRIV_H

#include "text/text.h"

/* Between two characters of a dense script where punctuation stood. */
#define AFT__TERM_BREAK '|'

typedef enum aft__term_class {
  AFT__TERM_NONE,  /* not searched: spaces, punctuation, symbols */
  AFT__TERM_WORD,  /* letters and digits of scripts with words */
  AFT__TERM_DENSE, /* of scripts without spaces: each character counts */
  AFT__TERM_HANGUL /* likewise, with spaces that count */
} aft__term_class;

aft__term_class aft__term_class_of(uint32_t c);
/* Takes the first token, all of one class, off a form. */
aft_str aft__term_token(aft_str *rest);
aft__term_class aft__term_token_class(aft_str token);
/* A word as it stands among the terms: not longer than AFT__TERM_WORD_BYTES. */
aft_str aft__term_word(aft_str token);

#endif
