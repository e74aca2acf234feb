/* aft-driver-conformance: runs the conformance suite against a driver, which it loads where one is named. */
#include <dlfcn.h>
#include <stdlib.h>

#include "host_sqlite.h"
#include "suite.h"

#define PROGRAM "aft-driver-conformance"

enum {
  EXIT_CONFORMS = 0,
  EXIT_FAILED = 1,
  EXIT_USAGE = 2
};

typedef struct arguments {
  const char *driver; /* PATH.so:SYMBOL; NULL for SQLite */
  const char *dsn, *missing, *only;
  bool list, help;
} arguments;

static void usage(FILE *out) {
  fputs("usage: " PROGRAM
        " [--driver PATH.so:SYMBOL] [--missing DSN] [--only PREFIX] DSN\n"
        "       " PROGRAM
        " --list | --help\n\n"
        "Checks a SQL driver of libaftersales against the contract of <aftersales/sys/sql.h> and prints\n"
        "the result of each case in the Test Anything Protocol.\n\n"
        "DSN is a database of its own for the suite: for SQLite a file, which is made when it is missing.\n"
        "The suite makes, changes and drops tables whose names begin with aftc_.\n\n"
        "  --driver PATH.so:SYMBOL  the driver: a function `const aft_sql_driver *SYMBOL(void)` of a shared\n"
        "                           object; default: SQLite. When the object also has a function\n"
        "                           `const aft_conformance_host *SYMBOL_host(void)`, attach is checked too.\n"
        "  --missing DSN            a database that does not exist; default: made from DSN for SQLite and\n"
        "                           PostgreSQL\n"
        "  --only PREFIX            the cases whose names begin so\n"
        "  --list                   prints the cases and what the contract says, and ends\n\n"
        "The exit status is 0 when no case failed, 1 when one did, 2 when nothing could be run.\n",
        out);
}

static int wrong(const char *what, const char *about) {
  fprintf(stderr, PROGRAM ": %s%s\n", what, about);
  return EXIT_USAGE;
}

static int list(void) {
  for (uint32_t i = 0; i < aft_conformance_count(); i++)
    printf("%-24s %s\n", aft_conformance_name(i), aft_conformance_sentence(i));
  return EXIT_CONFORMS;
}

/* Where the option's value goes; NULL for what is no option with a value. */
static const char **place_of(arguments *a, const char *option) {
  if (strcmp(option, "--driver") == 0)
    return &a->driver;
  if (strcmp(option, "--missing") == 0)
    return &a->missing;
  return strcmp(option, "--only") == 0 ? &a->only : NULL;
}

static int read_arguments(int argc, char **argv, arguments *a) {
  for (int i = 1; i < argc; i++) {
    const char **place = place_of(a, argv[i]);
    if (place && i + 1 == argc)
      return wrong(argv[i], " needs a value");
    if (place)
      *place = argv[++i];
    else if (strcmp(argv[i], "--list") == 0)
      a->list = true;
    else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
      a->help = true;
    else if (argv[i][0] == '-' && argv[i][1])
      return wrong("unknown option ", argv[i]);
    else if (a->dsn)
      return wrong("one DSN is enough: ", argv[i]);
    else
      a->dsn = argv[i];
  }
  if (!a->list && !a->help && (!a->dsn || !*a->dsn))
    return wrong("a DSN is missing; --help says more", "");
  return 0;
}

typedef const aft_sql_driver *(*driver_fn)(void);
typedef const aft_conformance_host *(*host_fn)(void);

/* POSIX lets a pointer of dlsym be a function's; ISO C has no cast for it. */
static void *symbol(void *object, const char *name, const char *end, void *fn, size_t size) {
  char full[512];
  snprintf(full, sizeof full, "%s%s", name, end);
  void *found = dlsym(object, full);
  memcpy(fn, &found, size);
  return found;
}

/* The object stays loaded: the driver's code is needed to the end. */
static int load(const char *spec, aft_conformance *how) {
  char path[4096];
  const char *colon = strrchr(spec, ':');
  driver_fn driver;
  host_fn host;
  if (!colon || colon == spec || !colon[1] || (size_t)(colon - spec) >= sizeof path - 2)
    return wrong("--driver: expected PATH.so:SYMBOL, found ", spec);
  /* Without a slash dlopen would search the system's folders. */
  bool bare = !memchr(spec, '/', (size_t)(colon - spec));
  snprintf(path, sizeof path, "%s%.*s", bare ? "./" : "", (int)(colon - spec), spec);
  void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!object)
    return wrong("--driver: ", dlerror());
  if (!symbol(object, colon + 1, "", &driver, sizeof driver))
    return wrong("--driver: the shared object has no function ", colon + 1);
  how->driver = driver();
  how->host = symbol(object, colon + 1, "_host", &host, sizeof host) ? host() : NULL;
  return how->driver ? 0 : wrong("--driver: no driver came from ", colon + 1);
}

int main(int argc, char **argv) {
  arguments a = {0};
  aft_conformance how = {.report = aft_conformance_tap, .user = stdout, .host = &host_sqlite};
  int failed = read_arguments(argc, argv, &a);
  if (failed)
    return failed;
  if (a.help) {
    usage(stdout);
    return EXIT_CONFORMS;
  }
  if (a.list)
    return list();
  failed = a.driver ? load(a.driver, &how) : 0;
  if (failed)
    return failed;
  how.dsn = a.dsn;
  how.missing_dsn = a.missing;
  how.only = a.only;
  failed = aft_conformance_run(&how);
  if (failed < 0)
    return wrong("no case begins with ", a.only ? a.only : "that");
  return failed ? EXIT_FAILED : EXIT_CONFORMS;
}
