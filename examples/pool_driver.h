/* A driver of libaftersales whose connections come from the host's pool. */
#ifndef POOL_DRIVER_H
#define POOL_DRIVER_H

#include <aftersales/sys/sql.h>

#include "pool_connections.h"

/* The dsn of a store on it is the pool's path; aft_session_attach takes a sqlite3 * of the pool. The pool
 * must live longer than the store. */
aft_sql_driver pool_driver(pool *p);

#endif
