/* A shop's day in cases: returns, refunds, repairs and a dispute, one ledger that sums to zero, and what is
 * said to those who try to cheat. */
#include "returns.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
    "Usage: returns [--play] [--lang zh|en]\n"
    "\n"
    "Plays a shop's day: eleven cases from filing to their end, each as a timeline, then the ledger of all\n"
    "that was paid, then what happens to those who try to cheat. The desk lives in memory; the day has a\n"
    "clock of its own. The exit status is 1 when the ledger or a refusal is not as it must be.\n"
    "\n"
    "  --play        one case, step by step, as buyer, seller, warehouse or clock\n"
    "  --lang LANG   zh or en (default)\n";

static int usage(const char *wrong) {
  fprintf(stderr, "returns: '%s' is not understood\n%s", wrong, help);
  return 2;
}

static int day(world *w) {
  note("%s", say(w, "一家厨具店的售后一天", "A day after the sale, in a shop for kitchenware"));
  stories(w);
  cheats(w);
  ledger(w);
  note("\n%s", w->wrong ? say(w, "有的地方不对，见上", "something is not as it must be, see above")
                        : say(w, "货与款都对上了", "goods and money agree"));
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
