/* The whole desk in 90 seconds: real messages, one store file, every step shown. */
#include "tour_chapters.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct settings {
  const char *messages, *db, *lang;
  char folder[64]; /* a temporary one */
  char path[4096], journal[4200], shown[4096];
} settings;

static const char usage[] =
    "usage: tour [--messages FILE] [--db FILE|postgresql://…] [--lang zh|en]\n"
    "\n"
    "  --messages FILE  messages to take in, one a line: a JSON object with \"text\" (and \"label\", "
    "\"id\",\n"
    "                   \"channel\", \"customer\"), label<TAB>text, or plain text; default: a small sample\n"
    "  --db FILE        the store; kept, and gone on with when it exists; default: a temporary one.\n"
    "                   Or a PostgreSQL database, postgresql://user@host/database, whose journal is then\n"
    "                   kept in the present folder\n"
    "  --lang zh|en     language of what is shown; default: en\n";

static const char code[] =
    "    aft_env_new(NULL, &env, &error);\n"
    "    aft_store_open(env, &(aft_store_options){.size = sizeof(aft_store_options),\n"
    "                   .dsn = AFT_STR(\"desk.db\"), .flags = AFT_STORE_CREATE}, &store, &error);\n"
    "    aft_session_open(store, &session, &error);\n"
    "    aft_message_in in = {.size = sizeof in, .shop = shop, .channel = AFT_STR(\"wechat\"),\n"
    "                         .external = AFT_STR(id), .handle = AFT_STR(from), .text = "
    "AFT_STR(text)};\n"
    "    aft_intake(session, &call, &in, &message, &error);     /* AFT_OK, or AFT_REPLAYED */\n"
    "    aft_ticket_get(session, &call, aft_message_ticket(message), &ticket, &error);\n"
    "    aft_explain(session, &call, aft_ticket_id(ticket), \"priority\", \"zh\", &why, &error);\n"
    "    aft_ticket_answer(session, &agent, &answer, NULL, &error);\n"
    "    aft_tick(session, NULL, &report, &error);              /* deadlines, surveys, feed */\n"
    "    aft_outbox_claim(session, NULL, &effects, &error);     /* what is to be sent */\n";

static int bad(const char *what, const char *which) {
  fprintf(stderr, "tour: %s %s\n\n%s", what, which, usage);
  return 2;
}

static int parse(int argc, char **argv, settings *s) {
  const struct {
    const char *name, **value;
  } options[] = {{"--messages", &s->messages}, {"--db", &s->db}, {"--lang", &s->lang}};
  for (int i = 1; i < argc; i++) {
    size_t k = 0;
    if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
      fputs(usage, stdout);
      exit(0);
    }
    while (k < 3 && strcmp(argv[i], options[k].name))
      k++;
    if (k == 3)
      return bad("unknown option", argv[i]);
    if (i + 1 == argc)
      return bad("a value is missing after", argv[i]);
    *options[k].value = argv[++i];
  }
  if (strcmp(s->lang, "zh") && strcmp(s->lang, "en"))
    return bad("--lang is zh or en, not", s->lang);
  return 0;
}

/* A connection string may hold a password, so nothing of it is shown or becomes a file's name. */
static void name_journal(settings *s) {
  uint32_t hash = 2166136261u; /* FNV-1a */
  for (const char *c = s->path; *c; c++)
    hash = (hash ^ (unsigned char)*c) * 16777619u;
  snprintf(s->shown, sizeof s->shown, "PostgreSQL");
  snprintf(s->journal, sizeof s->journal, "tour-%08" PRIx32 ".journal", hash);
}

/* Files of the tour's own: all below one folder, which goes when the tour ends. */
static int make_folder(settings *s) {
  const char *base = getenv("TMPDIR");
  snprintf(s->folder, sizeof s->folder, "%.40s/aftersales-XXXXXX", base && strlen(base) < 40 ? base : "/tmp");
  if (!mkdtemp(s->folder)) {
    fprintf(stderr, "tour: no temporary folder can be made in %s\n", base ? base : "/tmp");
    return 1;
  }
  if (!s->db)
    snprintf(s->path, sizeof s->path, "%s/tour.db", s->folder);
  else
    snprintf(s->path, sizeof s->path, "%s", s->db);
  snprintf(s->shown, sizeof s->shown, "%s", s->path);
  snprintf(s->journal, sizeof s->journal, "%s.journal", s->path);
  if (tour_on_server(s->path))
    name_journal(s);
  return 0;
}

static void drop_folder(const settings *s) {
  static const char *const names[] = {"tour.db",    "tour.db.journal", "speed-0.db",
                                      "speed-1.db", "floor-0.db",      "floor-1.db"};
  static const char *const ends[] = {"", "-wal", "-shm"};
  char path[200];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    for (size_t k = 0; k < 3; k++) {
      snprintf(path, sizeof path, "%s/%s%s", s->folder, names[i], ends[k]);
      unlink(path);
    }
  rmdir(s->folder);
}

static void report(tour *t, const settings *s, const tour_messages *messages) {
  tour_speed speed = {0};
  char a[32], b[32], c[32];
  tour_heading(say(t, "tour.report", NULL, NULL, NULL, NULL));
  if (tour_speed_measure(s->folder, messages, &speed) == 0) {
    tour_line("  %s", say(t, "tour.speed", NULL, NULL, NULL, NULL));
    snprintf(a, sizeof a, "%5.0f", speed.single), snprintf(b, sizeof b, "%5.0f", speed.single_floor);
    snprintf(c, sizeof c, "%.0f %%", 100 * speed.single / speed.single_floor);
    tour_line("    %s", say(t, "tour.single", a, b, c, NULL));
    snprintf(a, sizeof a, "%5.0f", speed.batch), snprintf(b, sizeof b, "%5.0f", speed.batch_floor);
    snprintf(c, sizeof c, "%.0f %%", 100 * speed.batch / speed.batch_floor);
    tour_line("    %s", say(t, "tour.batch", a, b, c, "2000"));
  }
  tour_line("\n  %s", say(t, "tour.code", NULL, NULL, NULL, NULL));
  fputs(code, stdout);
  if (s->db)
    tour_line("\n  %s", say(t, "tour.kept", s->shown, NULL, NULL, NULL));
}

static void tell(tour *t, const settings *s, const tour_messages *messages) {
  tour_heading(say(t, "tour.title", aft_version(), NULL, NULL, NULL));
  tour_line("%s", say(t, "tour.store", s->shown, s->journal, NULL, NULL));
  tour_verify(t);
  tour_take_in(t, messages);
  tour_inbox(t);
  tour_exactly_once(t);
  tour_life(t);
  tour_time(t);
  tour_change(t);
  tour_leaving(t);
  report(t, s, messages);
}

int main(int argc, char **argv) {
  settings s = {.messages = TOUR_FOLDER "/messages/sample.jsonl", .lang = "en"};
  tour_messages messages = {0};
  int status = parse(argc, argv, &s);
  if (status)
    return status;
  if (tour_messages_read(s.messages, &messages) || make_folder(&s)) {
    tour_messages_free(&messages);
    return 1;
  }
  tour t = {.lang = s.lang};
  t.journal = tour_journal_open(s.journal);
  int opened = t.journal != NULL;
  if (opened) {
    t.shift_ms = tour_journal_shift(t.journal);
    tour_open(&t, s.path);
    tell(&t, &s, &messages);
    tour_close(&t);
  }
  tour_journal_close(t.journal);
  drop_folder(&s);
  tour_messages_free(&messages);
  return opened ? 0 : 1;
}
