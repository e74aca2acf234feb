/* A shop's day in cases, from filing to their end, what is said to cheats, and a ledger that sums to zero. */
#include "returns.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: returns [--play] [--lang zh|en]\n"
    "\n"
    "Tells a shop's day: eleven stories, each case as a timeline, what is said to those who try to cheat, "
    "and\n"
    "the ledger of all that was paid. The desk lives in memory, with a clock of its own. The exit status is "
    "1\n"
    "when a case, a refusal or the ledger is not as it must be.\n"
    "\n"
    "  --play        one case step by step, as buyer, seller, warehouse or clock, by numbers from the input\n"
    "  --lang zh|en  language of what is shown; default: en\n";

static int usage(const char *wrong) {
  fprintf(stderr, "returns: '%s' is not understood\n%s", wrong, help);
  return 2;
}

static int day(world *w) {
  title(say(w, "一家厨具店的售后", "After the sale, in a shop for kitchenware"));
  stories(w);
  disagreements(w);
  cheats(w);
  ledger(w);
  note("\n%s", w->wrong
                   ? say(w, "有的地方不对，见标准错误", "Something is not as it must be: see standard error.")
                   : say(w, "货与款都对上了", "Goods and money agree."));
  return w->wrong ? 1 : 0;
}

int main(int argc, char **argv) {
  bool zh = false, playing = false;
  world w;
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
      fputs(help, stdout);
      return 0;
    }
    if (!strcmp(argv[i], "--play"))
      playing = true;
    else if (!strcmp(argv[i], "--lang") && i + 1 < argc &&
             (!strcmp(argv[i + 1], "zh") || !strcmp(argv[i + 1], "en")))
      zh = !strcmp(argv[++i], "zh");
    else
      return usage(argv[i]);
  }
  world_open(&w, zh);
  int status = playing ? play(&w) : day(&w);
  world_close(&w);
  return status;
}
