/* One command with one fault, judged from outside: what is in the file must be what was before it or what it
 * makes, never a part; what was acknowledged is there; what failed for sure is not; and carried out once more
 * it is done once. */
#ifndef SWEEP_H
#define SWEEP_H

#include "fault_vfs.h"
#include "scene.h"

typedef struct sweep {
  const command *command;
  scene base;  /* closed: the ids and the clock that each run begins with */
  void *bytes; /* of the file before; NULL: there is none */
  size_t size;
  char *before, *after; /* store_text of both */
  uint64_t points;      /* of a run without a fault, its closing included */
} sweep;

/* base.path is the file as it is now; it is read once, and written again for every run. */
void sweep_start(sweep *w, const command *c, const scene *base);
void sweep_stop(sweep *w);
/* The file as it was at the start. */
void sweep_lay_down(const sweep *w);
/* False: why says what was wrong. */
bool sweep_run(sweep *w, const fault_plan *plan, char *why, size_t size);
/* Every kind of fault at one point, and a loss of power at the end; at all points with AFT_SLOW;
 * fails the test at the first wrong one. Returns how many runs it took. */
uint32_t sweep_points(sweep *w, uint64_t *seed);

#endif
