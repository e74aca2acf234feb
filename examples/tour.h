/* What the parts of the tour share. */
#ifndef TOUR_H
#define TOUR_H

#include <aftersales.h>

/* ---- tour_messages.c: messages from a file ---- */

typedef struct tour_message {
  char *text, *label, *id, *channel, *customer; /* NULL where the file has none */
} tour_message;

typedef struct tour_messages {
  tour_message *all;
  size_t count, room;
} tour_messages;

/* JSON objects, label<TAB>text or plain text, a line each. Says on stderr what is wrong and where; 0 on
 * success. */
int tour_messages_read(const char *path, tour_messages *messages);
void tour_messages_free(tour_messages *messages);

/* ---- tour_print.c: a terminal of 100 columns ---- */

#define TOUR_COLUMNS 100

void tour_heading(const char *text);
void tour_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A text cut or filled to a width by terminal columns, the last of them blank. */
void tour_cell(const char *text, size_t width);
/* A long text over several lines, each indented. */
void tour_wrap(const char *text, size_t indent);

/* ---- tour_journal.c: what was acknowledged, kept outside the store ---- */

typedef struct tour_journal tour_journal;

/* Opens or goes on with a journal; NULL when that is not possible (said on stderr). */
tour_journal *tour_journal_open(const char *path);
/* A message counts as acknowledged when the journal was synced after it. */
void tour_journal_add(tour_journal *journal, const char *channel, const char *external, aft_id ticket);
void tour_journal_sync(tour_journal *journal);
void tour_journal_time(tour_journal *journal, int64_t shift_ms);
int64_t tour_journal_shift(const tour_journal *journal); /* how far time had been moved on */
size_t tour_journal_count(const tour_journal *journal);
/* Entry i: its external id, its channel and the ticket that was acknowledged. */
const char *tour_journal_entry(const tour_journal *journal, size_t i, const char **channel, aft_id *ticket);
void tour_journal_close(tour_journal *journal);

/* ---- tour_speed.c: messages a second, beside bare SQLite writing the same rows ---- */

typedef struct tour_speed {
  double single, single_floor; /* messages a second, one commit each */
  double batch, batch_floor;   /* in one commit */
} tour_speed;

/* Works in files of its own in a folder. 0 on success. */
int tour_speed_measure(const char *folder, const tour_messages *messages, tour_speed *speed);

#endif
