/* A SQLite VFS named "fault" over the usual one: a disk that fails, fills up or loses power where it is told
 * to.
 *
 * Each write, sync, truncation, deletion, creation and growth of shared memory is a numbered point. Nothing
 * is really synced; instead the VFS keeps, for every file, what a sync has made durable and the writes that
 * came after it. When the power goes, each of these is kept, dropped or torn by sectors at random, files that
 * were made or deleted without a sync of their folder come and go, and every call fails from then on. The
 * program closes its handles, calls fault_vfs_end, and opens the file that is left with the usual VFS.
 *
 * For one thread and one database at a time. */
#ifndef FAULT_VFS_H
#define FAULT_VFS_H

#include <stdbool.h>
#include <stdint.h>

typedef enum fault_kind {
  FAULT_NONE,
  FAULT_IO,    /* the call reports an error; a write is half done, a sync leaves its writes to chance */
  FAULT_READ,  /* a read reports an error; the reads are the points then, and nothing else */
  FAULT_FULL,  /* no file grows */
  FAULT_POWER, /* the machine stops */
  FAULT_KILL   /* the process stops: what it wrote stays, synced or not */
} fault_kind;

typedef struct fault_plan {
  fault_kind kind;
  uint64_t at;   /* the point, from 1; 0: none */
  bool lasting;  /* all points after it fail too */
  bool lies;     /* a disk that only says that it synced */
  bool syncs;    /* syncs alone are points: all is written, and nobody was told */
  uint64_t seed; /* of what a loss of power leaves */
} fault_plan;

/* Registers the VFS where that has not been done; points count from 1 again. */
void fault_vfs_begin(const fault_plan *plan);
/* The power goes now, whatever was planned. */
void fault_vfs_cut(void);
/* Once every file is closed: lays down what the disk holds, and forgets all. */
void fault_vfs_end(void);

uint64_t fault_vfs_points(void);   /* so far */
bool fault_vfs_fired(void);        /* the planned point was reached */
const char *fault_vfs_where(void); /* and what it was: "write of 4096 at 8216, desk.db-wal" */

#endif
