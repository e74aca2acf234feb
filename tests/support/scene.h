/* A desk with something in every state, and every command that writes as one line of a table: what faults,
 * upgrades and crowds are tried on. Clock and random numbers are its own, so that two runs are alike. */
#ifndef SCENE_H
#define SCENE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include <aftersales.h>

#define SCENE_START   INT64_C(1795000000000) /* 2026-11-18 */
#define SCENE_TICKETS 21                     /* one for each act, by its number, and those below */
#define SCENE_ANSWER  13
#define SCENE_REPLY   14
#define SCENE_OTHER   15
#define SCENE_SETTLE  16 /* and the two after it */
#define SCENE_SAID    19
#define SCENE_RATED   20 /* was resolved, and its survey sent */

/* Cases, each for one command. */
enum {
  SCENE_ASKED,  /* waits for the shop */
  SCENE_PAYING, /* its refund and the reversal of its invoice are under way */
  SCENE_COMING, /* its goods are on their way back */
  SCENE_THEIRS, /* a marketplace decides it */
  SCENE_VISIT,  /* somebody is to come */
  SCENE_CASES
};

/* Tasks, likewise. */
enum {
  SCENE_GIVEN,
  SCENE_CALLED,
  SCENE_DONE,
  SCENE_DROPPED,
  SCENE_TASKS
};

typedef struct scene {
  /* To be set before scene_open. */
  char path[160];
  const char *vfs; /* NULL: the usual one */
  uint32_t flags;  /* AFT_STORE_… */
  uint32_t busy_ms;
  const aft_sql_driver *driver;
  uint64_t random;
  _Atomic int64_t now;

  aft_env *env;
  aft_store *store;
  aft_session *session;
  char round[12]; /* ends every name, so that a desk can have several sets of things */
  aft_id tenant, shop, agent, other_agent, buyer, guest;
  aft_id ticket[SCENE_TICKETS], message[2], effect[3];
  int64_t fence[3];
  aft_id cases[SCENE_CASES], cups, leg, finding, parcel;
  aft_id shift;
  aft_id parted[2], incident, child, free,
      told; /* what agents work on together: two messages of one ticket … */
  aft_id mention;
  aft_id survey;            /* 0 under a policy without */
  aft_id task[SCENE_TASKS]; /* likewise */
  aft_id notice;            /* likewise: one that was sent to the buyer */
  const void *play;         /* of a test with commands of its own: what they are to do */
} scene;

/* Environment, store and session; scene_close is due whatever it returns. */
aft_status scene_open(scene *s, aft_error *error);
void scene_close(scene *s);
/* The database's name with its VFS, as the store takes it. */
const char *scene_dsn(const scene *s, char out[256]);
/* The host's own connection to the same file, where scene_found makes a table "orders"; NULL when that fails.
 */
sqlite3 *scene_host(const scene *s);

/* Tenant and shop; then agents and customers; with orders and a ticket for each command, in the state that it
 * needs.
 */
aft_status scene_found(scene *s, aft_error *error);
aft_status scene_people(scene *s, const char *round, aft_error *error);
aft_status scene_fill(scene *s, const char *round, aft_error *error);
/* Ticks until nothing is due. */
aft_status scene_tick(scene *s, aft_error *error);

typedef struct command {
  const char *name;
  const char *calls; /* the public functions that it is about */
  aft_status (*run)(scene *s, aft_error *error);
  int64_t later;        /* passes before it runs, ms */
  bool steps;           /* commits several times: a part of it may stay */
  bool opens;           /* opens the store itself, which has ids of nobody yet */
  aft_status refused;   /* what it must return; AFT_OK: success */
  aft_status when_done; /* what it returns when it was carried out before, beside success */
} command;

extern const command scene_commands[];
extern const uint32_t scene_command_count;

#endif
