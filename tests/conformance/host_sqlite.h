/* A host's own SQLite connections, for the cases about attach. */
#ifndef AFT_CONFORMANCE_HOST_SQLITE_H
#define AFT_CONFORMANCE_HOST_SQLITE_H

#include <aftersales/sys/conformance.h>

extern const aft_conformance_host host_sqlite;

#endif
