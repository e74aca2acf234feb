/* A journal of what the desk acknowledged, kept in a file outside the store. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tour.h"

typedef struct entry {
  char channel[41], external[128];
  aft_id ticket;
} entry;

struct tour_journal {
  int file;
  int64_t shift;
  entry *entries;
  size_t count, room;
};

static void take_message(tour_journal *j, const char *channel, const char *external, aft_id ticket) {
  entry e = {.ticket = ticket};
  if (j->count == j->room) {
    size_t room = j->room ? 2 * j->room : 256;
    entry *entries = realloc(j->entries, room * sizeof *entries);
    if (!entries)
      return;
    j->entries = entries;
    j->room = room;
  }
  snprintf(e.channel, sizeof e.channel, "%s", channel);
  snprintf(e.external, sizeof e.external, "%s", external);
  j->entries[j->count++] = e;
}

/* "time MS." or "message CHANNEL EXTERNAL TICKET." */
static void take(tour_journal *j, char *line) {
  char *rest, *words[4] = {strtok_r(line, " \n", &rest)};
  size_t n = words[0] ? 1 : 0;
  while (n && n < 4 && (words[n] = strtok_r(NULL, " \n", &rest)))
    n++;
  if (n == 2 && strcmp(words[0], "time") == 0) {
    int64_t shift = strtoll(words[1], NULL, 10);
    j->shift = shift > j->shift ? shift : j->shift;
  } else if (n == 4 && strcmp(words[0], "message") == 0) {
    take_message(j, words[1], words[2], strtoll(words[3], NULL, 10));
  }
}

/* A line that a kill cut off does not end in a full stop: it was not acknowledged. */
static void read_back(tour_journal *j, const char *path) {
  char line[256];
  FILE *file = fopen(path, "r");
  if (!file)
    return;
  while (fgets(line, sizeof line, file))
    if (strstr(line, ".\n"))
      take(j, line);
  fclose(file);
}

tour_journal *tour_journal_open(const char *path) {
  tour_journal *j = calloc(1, sizeof *j);
  if (!j)
    return NULL;
  read_back(j, path);
  j->file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (j->file >= 0)
    return j;
  fprintf(stderr, "%s: %s\n", path, strerror(errno));
  tour_journal_close(j);
  return NULL;
}

static void fail(void) {
  fprintf(stderr, "the journal cannot be written: %s\n", strerror(errno));
  exit(1);
}

void tour_journal_sync(tour_journal *j) {
  if (fsync(j->file))
    fail();
}

static void put(tour_journal *j, const char *line) {
  size_t n = strlen(line);
  if (write(j->file, line, n) != (ssize_t)n)
    fail();
}

void tour_journal_add(tour_journal *j, const char *channel, const char *external, aft_id ticket) {
  char line[240];
  snprintf(line, sizeof line, "\nmessage %s %s %" PRId64 ".\n", channel, external, ticket);
  put(j, line);
}

void tour_journal_time(tour_journal *j, int64_t shift_ms) {
  char line[64];
  snprintf(line, sizeof line, "\ntime %" PRId64 ".\n", shift_ms);
  put(j, line);
  tour_journal_sync(j);
}

int64_t tour_journal_shift(const tour_journal *j) { return j->shift; }
size_t tour_journal_count(const tour_journal *j) { return j->count; }

const char *tour_journal_entry(const tour_journal *j, size_t i, const char **channel, aft_id *ticket) {
  *channel = j->entries[i].channel;
  *ticket = j->entries[i].ticket;
  return j->entries[i].external;
}

void tour_journal_close(tour_journal *j) {
  if (!j)
    return;
  if (j->file >= 0)
    close(j->file);
  free(j->entries);
  free(j);
}
