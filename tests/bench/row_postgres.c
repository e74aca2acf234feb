/* The same commands on a PostgreSQL server, where there is one. */
#include "engine.h"

#define FEWER 4 /* a command takes longer there */

int bench_on_postgres(const bench_options *o) {
#ifdef AFT_BENCH_POSTGRESQL
  bench_options fewer = *o;
  fewer.commands = o->commands / FEWER;
  if (o->postgres)
    return bench_commands_on(&fewer, &bench_postgres) | bench_queues_on(o, &bench_postgres);
  const char *why = "--db names no server";
#else
  const char *why = "libpq was not there when this was built";
#endif
  if (bench_wanted(o, "postgresql"))
    bench_skip("postgresql", why);
  return 0;
}
