/* Stands between a PostgreSQL client and its server, counts the client's messages, and breaks the connection
 * where a test asks for it. */
#ifndef FAULT_PROXY_H
#define FAULT_PROXY_H

#include <stdbool.h>
#include <stdint.h>

typedef enum proxy_fault {
  PROXY_PASS,
  PROXY_CUT_BEFORE,  /* the message does not reach the server */
  PROXY_CUT_AFTER,   /* the server carries the message out, the client hears of nothing */
  PROXY_HOLD_COMMIT, /* the client is cut off at its COMMIT, which reaches the server a while later */
} proxy_fault;

typedef struct fault_proxy fault_proxy;

/* Listens in a folder of its own; server: the folder of the server's socket. */
fault_proxy *proxy_start(const char *server);
void proxy_stop(fault_proxy *proxy);
const char *proxy_folder(const fault_proxy *proxy);
/* Strikes once, at the client's message with this number from now on (its first is 1; it counts for CUT
 * alone). */
void proxy_arm(fault_proxy *proxy, proxy_fault fault, uint32_t message);
bool proxy_struck(const fault_proxy *proxy);
/* While down, connections are cut and none is made. */
void proxy_down(fault_proxy *proxy, bool down);
/* Waits of the client since it was armed: each is one way to the server and back. */
uint32_t proxy_trips(const fault_proxy *proxy);
/* Commands that the server carried out in them. */
uint32_t proxy_commands(const fault_proxy *proxy);

#endif
