#include "corpus.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "random.h"

static const char *const fillers[] = {"我",     "的",    "请问", "你们", "麻烦",  "看一下", "谢谢", "这个",
                                      "please", "about", "my",   "the",  "order", "today",  "，",   "!"};

static void append(corpus *c, const char *word) {
  size_t len = strlen(c->text);
  snprintf(c->text + len, sizeof c->text - len, "%s%s", len ? " " : "", word);
}

/* Each label has a word of its own: of two Chinese characters, or a Latin one. */
static void append_keyword(corpus *c, uint32_t label) {
  char word[24];
  if (label % 2)
    snprintf(word, sizeof word, "topic%u", label);
  else
    snprintf(word, sizeof word, "\xe5%c%c\xe6%c%c", 0x80 + (int)(label / 16 % 64), 0x80 + (int)(label % 16),
             0x80 + (int)(label / 16 % 64), 0x90 + (int)(label % 16));
  append(c, word);
}

int corpus_next(void *user, aft_example *out) {
  corpus *c = user;
  if (c->given == c->n)
    return 0;
  if (++c->given == c->fail_at)
    return -1;
  uint32_t label = below(&c->seed, c->labels), words = 2 + below(&c->seed, 6);
  bool vague = below(&c->seed, 1000) < c->vague;
  c->text[0] = '\0';
  for (uint32_t i = 0; i < words; i++)
    append(c, fillers[below(&c->seed, sizeof fillers / sizeof *fillers)]);
  if (!vague)
    append_keyword(c, label);
  char number[24];
  snprintf(number, sizeof number, "%u", below(&c->seed, 9000));
  append(c, number);
  snprintf(c->label, sizeof c->label, "label-%03u", label);
  out->label = (aft_str){c->label, AFT_NTS};
  out->text = (aft_str){c->text, AFT_NTS};
  return 1;
}
