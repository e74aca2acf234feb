/*
 * PostgreSQL as the database of a store. In a library of its own,
 * libaftersales-pg: programs that do not link it need no libpq.
 */
#ifndef AFTERSALES_POSTGRES_H
#define AFTERSALES_POSTGRES_H

#include <aftersales/sys/sql.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The driver for PostgreSQL 13 and later, for aft_store_options.driver. The dsn
 * is a connection string of libpq ("postgresql://user@host/database",
 * "host=… dbname=…"). The database must exist and be encoded in UTF8;
 * AFT_STORE_CREATE makes the tables in the first schema of the search_path.
 * aft_session_attach takes a PGconn * out of pipeline mode, with a transaction
 * open. aft_error.native holds the SQLSTATE as a number of base 36.
 *
 * Returns: a constant that lives for ever.
 * Threads: any.
 * Since: 0.1
 */
AFT_API const aft_sql_driver *aft_sql_postgres(void);

#ifdef __cplusplus
}
#endif

#endif
