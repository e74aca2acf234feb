/* What the copies of a ticket have in common on every engine. */
#include "crowd.h"

#include <stddef.h>
#include <string.h>

typedef struct change {
  const char *table, *column, *value;
} change;

static const change changes[] = {
    {"customer", "id", "t.id - back"},
    {"ticket", "id", "t.id - back"},
    {"ticket", "customer", "t.customer - back"},
    {"ticket", "code", "'T-' || substr(CAST(100000000 + n AS TEXT), 2)"},
    {"ticket", "place", "t.place + n"},
    {"event", "id", "t.id - back"},
    {"event", "subject", "t.subject - back"},
    {"event", "feed", "n"},
    {"due", "id", "t.id - back"},
    {"due", "subject", "t.subject - back"},
    {"due", "due_at", "t.due_at + 86400000 + n"},
    {"outbox", "id", "t.id - back"},
    {"outbox", "subject", "t.subject - back"},
    {"outbox", "state", "3"},
};

const crowd_table crowd_tables[] = {
    {"customer", "t.id = (SELECT customer FROM aft_ticket WHERE id = :ticket)"},
    {"ticket", "t.id = :ticket"},
    {"event", "t.subject = :ticket AND t.seq = (SELECT events FROM aft_ticket WHERE id = :ticket)"},
    {"due", "t.subject = :ticket"},
    {"outbox", "t.subject = :ticket"},
};
const int crowd_table_count = sizeof crowd_tables / sizeof *crowd_tables;

const char *crowd_value(const char *table, const char *column) {
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
    if (strcmp(changes[i].table, table) == 0 && strcmp(changes[i].column, column) == 0)
      return changes[i].value;
  return NULL;
}
