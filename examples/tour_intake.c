/* The tour's first chapters: messages in, and the inbox. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tour_chapters.h"

#define CHUNK 500
#define SHOWN 10

static const char *const channels[] = {"wechat", "chat", "email", "web", "weibo", "phone"};

/* Names that fit into a line of the journal. */
static int is_plain(const char *name, size_t most) {
  size_t n = name ? strlen(name) : 0;
  return n && n <= most &&
         strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:") == n;
}

typedef struct envelope {
  char external[128], handle[128];
  const char *channel;
} envelope;

static void address(const tour_message *m, size_t i, envelope *e) {
  e->channel = is_plain(m->channel, 40) ? m->channel : channels[i % 6];
  if (is_plain(m->id, 100))
    snprintf(e->external, sizeof e->external, "id:%s", m->id);
  else
    snprintf(e->external, sizeof e->external, "line:%zu", i + 1);
  if (m->customer && *m->customer)
    snprintf(e->handle, sizeof e->handle, "%.100s", m->customer);
  else
    snprintf(e->handle, sizeof e->handle, "customer-%zu", i + 1);
}

static aft_message_in letter(const tour *t, const tour_message *m, const envelope *e) {
  return (aft_message_in){.size = sizeof(aft_message_in),
                          .shop = t->shop,
                          .channel = AFT_STR(e->channel),
                          .account = AFT_STR("tour-shop"),
                          .external = AFT_STR(e->external),
                          .handle = AFT_STR(e->handle),
                          .text = AFT_STR(m->text)};
}

typedef struct tally {
  size_t opened, joined, known, labels, known_labels, agreed;
} tally;

/* Labels that name a category of the policy are compared with what the desk found by itself. */
static void compare(tour *t, const tour_message *m, aft_record *ticket, tally *sum) {
  char key[128];
  if (!m->label)
    return;
  sum->labels++;
  snprintf(key, sizeof key, "category.%.100s", m->label);
  if (strcmp(aft_policy_text(t->policy, t->lang, key), key) == 0)
    return;
  sum->known_labels++;
  sum->agreed += strcmp(aft_ticket_category(ticket), m->label) == 0;
}

static void take_chunk(tour *t, const tour_messages *all, size_t from, size_t n, aft_id *newest, tally *sum) {
  static envelope envelopes[CHUNK];
  static aft_message_in in[CHUNK];
  aft_batch *batch;
  for (size_t i = 0; i < n; i++) {
    address(&all->all[from + i], from + i, &envelopes[i]);
    in[i] = letter(t, &all->all[from + i], &envelopes[i]);
  }
  must(t, aft_intake_batch(t->session, &t->system, in, n, &batch, &t->error));
  for (size_t i = 0; i < n; i++) {
    aft_status status = must(t, aft_batch_status(batch, i, &t->error));
    aft_record *ticket = tour_ticket(t, aft_batch_ticket(batch, i));
    int fresh = aft_ticket_id(ticket) > *newest;
    sum->known += status == AFT_REPLAYED;
    sum->opened += status == AFT_OK && fresh;
    sum->joined += status == AFT_OK && !fresh;
    if (fresh)
      *newest = aft_ticket_id(ticket);
    compare(t, &all->all[from + i], ticket, sum);
    tour_journal_add(t->journal, envelopes[i].channel, envelopes[i].external, aft_ticket_id(ticket));
    aft_record_free(ticket);
  }
  tour_journal_sync(t->journal);
  aft_batch_free(batch);
}

void tour_take_in(tour *t, const tour_messages *messages) {
  tally sum = {0};
  aft_id newest = 0;
  tour_heading(say(t, "tour.intake", NULL, NULL, NULL, NULL));
  for (size_t from = 0; from < messages->count; from += CHUNK) {
    size_t n = messages->count - from < CHUNK ? messages->count - from : CHUNK;
    take_chunk(t, messages, from, n, &newest, &sum);
  }
  tour_line("  %s", say(t, "tour.taken", number((int64_t)messages->count), number((int64_t)sum.opened),
                        number((int64_t)sum.joined), number((int64_t)sum.known)));
  if (sum.known_labels)
    tour_line("  %s",
              say(t, "tour.agreement", number((int64_t)sum.known_labels), number((int64_t)sum.labels),
                  number((int64_t)sum.agreed), number((int64_t)(100 * sum.agreed / sum.known_labels))));
}

/* Delivering a journaled message again must find it, with its ticket; only a lost one would be taken in. */
void tour_verify(tour *t) {
  size_t n = tour_journal_count(t->journal), lost = 0;
  for (size_t i = 0; i < n; i++) {
    aft_id expected;
    const char *channel, *external = tour_journal_entry(t->journal, i, &channel, &expected);
    aft_record *message;
    aft_message_in in = {.size = sizeof in,
                         .shop = t->shop,
                         .channel = AFT_STR(channel),
                         .account = AFT_STR("tour-shop"),
                         .external = AFT_STR(external),
                         .handle = AFT_STR("verify"),
                         .text = AFT_STR("?")};
    aft_status status = must(t, aft_intake(t->session, &t->system, &in, &message, &t->error));
    lost += status != AFT_REPLAYED || aft_message_ticket(message) != expected;
    aft_record_free(message);
  }
  if (lost) {
    fprintf(stderr, "tour: %s\n", say(t, "tour.lost", number((int64_t)lost), number((int64_t)n), NULL, NULL));
    exit(3);
  }
  if (n)
    tour_line("%s", say(t, "tour.verified", number((int64_t)n), NULL, NULL, NULL));
}

/* ---- the inbox ---- */

/* The lines of an explanation, joined; none is cut in its middle without a sign. */
static void join_lines(tour *t, aft_id ticket, const char *about, char *out, size_t room, size_t most) {
  aft_buf *why;
  must(t, aft_explain(t->session, &t->system, ticket, about, t->lang, &why, &t->error));
  const char *p = aft_buf_data(why);
  for (size_t line = 0; *p && line < most; line++) {
    size_t n = strcspn(p, "\n"), used = strlen(out);
    snprintf(out + used, room - used, "%s%.*s", used ? "; " : "", (int)n, p);
    p += n + (p[n] == '\n');
  }
  aft_buf_free(why);
}

/* The rules that made the priority; where none did, what decided the category. */
static void reason(tour *t, aft_record *ticket) {
  char text[1024] = "";
  if (aft_ticket_points(ticket))
    join_lines(t, aft_ticket_id(ticket), "priority", text, sizeof text, 4);
  else
    join_lines(t, aft_ticket_id(ticket), "category", text, sizeof text, 1);
  printf("             ");
  tour_cell(text, TOUR_COLUMNS - 13);
  printf("\n");
}

static const size_t widths[] = {13, 10, 26, 10, 12, TOUR_COLUMNS - 71};

/* The catalogue's line of headings, "|" between them. */
static void print_columns(tour *t) {
  char text[512];
  snprintf(text, sizeof text, "%s", say(t, "tour.columns", NULL, NULL, NULL, NULL));
  char *p = text;
  for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
    char *end = p + strcspn(p, "|"), *next = *end ? end + 1 : end;
    *end = 0;
    tour_cell(p, widths[i]);
    p = next;
  }
  printf("\n");
}

static void show(tour *t, aft_record *ticket) {
  char what[256];
  const char *topic = aft_ticket_topic(ticket);
  int64_t tone = aft_ticket_tone(ticket);
  const char *mood = tone <= -250 ? "negative" : tone >= 250 ? "positive" : "neutral";
  snprintf(what, sizeof what, "%s%s%s", label(t, "category", aft_ticket_category(ticket)), *topic ? ": " : "",
           *topic ? label(t, "topic", topic) : "");
  const char *cells[] = {aft_ticket_code(ticket),
                         label(t, "priority", aft_ticket_priority(ticket)),
                         what,
                         label(t, "tone", mood),
                         due_text(t, ticket),
                         aft_ticket_subject(ticket)};
  for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
    tour_cell(cells[i], widths[i]);
  printf("\n");
  reason(t, ticket);
}

void tour_inbox(tour *t) {
  aft_cursor *cursor;
  aft_record *ticket;
  size_t n = 0;
  tour_heading(say(t, "tour.inbox", NULL, NULL, NULL, NULL));
  print_columns(t);
  must(t, aft_ticket_inbox(t->session, &t->agent, NULL, &cursor, &t->error));
  while (must(t, aft_cursor_next(cursor, &ticket, &t->error)) == AFT_OK)
    if (n++ < SHOWN)
      show(t, ticket);
  aft_cursor_free(cursor);
  if (n > SHOWN)
    tour_line("%s", say(t, "tour.more", number((int64_t)(n - SHOWN)), NULL, NULL, NULL));
}
