/* A driver around SQLite that breaks one sentence of the contract at a time. */
#ifndef AFT_TEST_LIAR_H
#define AFT_TEST_LIAR_H

#include <aftersales/sys/conformance.h>

typedef struct liar_lie {
  const char *name;   /* "rounds integers" */
  const char *caught; /* the case of the conformance suite that must fail */
} liar_lie;

/* All lies, ended by one without a name. */
extern const liar_lie liar_lies[];

/* Makes the driver that tells this lie; NULL for a name that is no lie, "" for none: an honest one. */
const aft_sql_driver *liar_driver(const char *name);

/* For aft-driver-conformance: the lie that the environment variable AFT_LIE names. */
const aft_sql_driver *liar(void);
const aft_conformance_host *liar_host(void);

#endif
