/* A day of service, simulated: first come beside by deadline, why this one next, and two more agents. */
#include "service_day.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: service_day [--seed N] [--lang zh|en]\n"
    "\n"
    "Plays one day of a shop: tickets arrive in bursts, agents work in shifts, noon is too much for them. "
    "The\n"
    "same tickets are played first come, first served; by deadline, as aft_ticket_claim gives them; and by\n"
    "deadline with two more agents. No clock is read: the same seed prints the same bytes.\n"
    "\n"
    "  --seed N      another day: 0 to 18446744073709551615; default: 7\n"
    "  --lang zh|en  language of what is shown; default: en\n";

const char *say(const service_day *d, const char *zh, const char *en) { return d->zh ? zh : en; }

void must(service_day *d, aft_status status) {
  if (status >= 0)
    return;
  fprintf(stderr, "service_day: %s: %s: %s\n", aft_status_name(status), d->error.where, d->error.message);
  exit(1);
}

static int usage(const char *wrong, const char *expected) {
  fprintf(stderr, "service_day: expected %s, found '%s'\n%s", expected, wrong, help);
  return 2;
}

static bool seed_of(const char *text, uint64_t *out) {
  char *end;
  if (*text < '0' || *text > '9')
    return false;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 10);
  *out = value;
  return !*end && !errno;
}

static int show(service_day *d) {
  shop_open(d);
  shop_play(d);
  tell_hours(d);
  tell_levels(d);
  tell_choices(d);
  shop_close(d);
  return fflush(stdout) || ferror(stdout) ? 1 : 0;
}

int main(int argc, char **argv) {
  service_day d = {.seed = 7, .error = AFT_ERROR_INIT};
  for (int i = 1; i < argc; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : "";
    if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
      fputs(help, stdout);
      return 0;
    }
    if (!strcmp(argv[i], "--seed")) {
      if (!seed_of(value, &d.seed))
        return usage(value, "a number from 0 to 18446744073709551615 after --seed");
    } else if (!strcmp(argv[i], "--lang")) {
      if (strcmp(value, "zh") != 0 && strcmp(value, "en") != 0)
        return usage(value, "zh or en after --lang");
      d.zh = !strcmp(value, "zh");
    } else {
      return usage(argv[i], "--seed or --lang");
    }
    i++;
  }
  return show(&d);
}
