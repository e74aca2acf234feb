#include "fault_proxy.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LINKS   64
#define BYTES   (1 << 20) /* longer than any message of the tests */
#define HOLD_MS 400
#define SOCKET  "/.s.PGSQL.5432"
#define POLL_MS 2

typedef struct link {
  int client, server; /* -1: closed */
  bool started;       /* the first packet has passed: it has no type */
  bool ending;        /* the server is to read what it has been sent, and the end */
  int64_t held_until; /* what the client sent goes to the server then */
  uint8_t *bytes;     /* of the client's, not passed on yet */
  size_t n;
} link_t;

struct fault_proxy {
  char folder[64], socket[96], server[128];
  int listener;
  pthread_t thread;
  pthread_mutex_t lock; /* over the fault */
  proxy_fault fault;
  uint32_t at, seen;
  atomic_uint trips, commands;
  atomic_bool struck, down, stopping;
  link_t links[LINKS];
};

static int64_t mono_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int unix_socket(const char *path, struct sockaddr_un *address) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  snprintf(address->sun_path, sizeof address->sun_path, "%s", path);
  return socket(AF_UNIX, SOCK_STREAM, 0);
}

static void close_fd(int *fd) {
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
}

static void drop(link_t *l) {
  close_fd(&l->client);
  close_fd(&l->server);
  free(l->bytes);
  memset(l, 0, sizeof *l);
  l->client = l->server = -1;
}

static bool send_all(int fd, const uint8_t *bytes, size_t n) {
  while (n) {
    ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
    if (sent <= 0)
      return false;
    bytes += sent;
    n -= (size_t)sent;
  }
  return true;
}

static void welcome(fault_proxy *p) {
  struct sockaddr_un address;
  int client = accept(p->listener, NULL, NULL), i = 0;
  while (i < LINKS && p->links[i].client + p->links[i].server != -2)
    i++;
  if (client < 0 || i == LINKS || atomic_load(&p->down)) {
    close_fd(&client);
    return;
  }
  link_t *l = &p->links[i];
  l->client = client;
  l->server = unix_socket(p->server, &address);
  l->bytes = malloc(BYTES);
  if (!l->bytes || connect(l->server, (struct sockaddr *)&address, sizeof address))
    drop(l);
}

/* The size of the first packet in the buffer, or 0 while it is not whole. */
static size_t packet(const link_t *l) {
  size_t head = l->started ? 1 : 0;
  if (l->n < head + 4)
    return 0;
  const uint8_t *b = l->bytes + head;
  size_t size = head + ((size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3]);
  return size <= l->n ? size : 0;
}

static bool is_commit(const link_t *l, size_t size) {
  return l->bytes[0] == 'P' && size > 13 && memcmp(l->bytes + 6, "COMMIT", 7) == 0;
}

static proxy_fault judge(fault_proxy *p, const link_t *l, size_t size) {
  proxy_fault fault = PROXY_PASS;
  if (!l->started)
    return fault;
  pthread_mutex_lock(&p->lock);
  p->seen++;
  if (p->fault == PROXY_HOLD_COMMIT ? is_commit(l, size) : p->fault != PROXY_PASS && p->seen == p->at)
    fault = p->fault;
  if (fault != PROXY_PASS) {
    p->fault = PROXY_PASS;
    atomic_store(&p->struck, true);
  }
  pthread_mutex_unlock(&p->lock);
  return fault;
}

static void pass_first(link_t *l, size_t size) {
  if (!send_all(l->server, l->bytes, size))
    shutdown(l->client, SHUT_RDWR);
  l->started = true;
  l->n -= size;
  memmove(l->bytes, l->bytes + size, l->n);
}

/* The server reads on to the end, and so carries out what it was sent; when it has closed, so do we. */
static void end_server(link_t *l) {
  shutdown(l->server, SHUT_WR);
  l->ending = true;
}

static void pass_on(fault_proxy *p, link_t *l) {
  size_t size;
  while (!l->ending && (size = packet(l)) != 0) {
    if (l->started && (l->bytes[0] == 'S' || l->bytes[0] == 'Q'))
      atomic_fetch_add(&p->trips, 1);
    if (l->started && (l->bytes[0] == 'E' || l->bytes[0] == 'Q'))
      atomic_fetch_add(&p->commands, 1);
    switch (judge(p, l, size)) {
    case PROXY_CUT_BEFORE:
      drop(l);
      return;
    case PROXY_CUT_AFTER:
      pass_first(l, size);
      end_server(l);
      return;
    case PROXY_HOLD_COMMIT:
      l->held_until = mono_ms() + HOLD_MS;
      close_fd(&l->client);
      return;
    default:
      pass_first(l, size);
    }
  }
}

static void from_client(fault_proxy *p, link_t *l) {
  ssize_t got = recv(l->client, l->bytes + l->n, BYTES - l->n, 0);
  if (got <= 0) {
    drop(l);
    return;
  }
  l->n += (size_t)got;
  pass_on(p, l);
}

static void from_server(link_t *l) {
  uint8_t bytes[65536];
  ssize_t got = recv(l->server, bytes, sizeof bytes, 0);
  if (got <= 0)
    drop(l);
  else if (!l->ending && l->client >= 0 && !send_all(l->client, bytes, (size_t)got))
    drop(l);
}

static void let_go(link_t *l) {
  l->held_until = 0;
  send_all(l->server, l->bytes, l->n);
  end_server(l);
}

static void serve(fault_proxy *p) {
  struct pollfd fds[1 + 2 * LINKS];
  fds[0] = (struct pollfd){.fd = p->listener, .events = POLLIN};
  for (int i = 0; i < LINKS; i++) {
    link_t *l = &p->links[i];
    if (atomic_load(&p->down) && !l->held_until)
      drop(l);
    if (l->held_until && mono_ms() >= l->held_until)
      let_go(l);
    fds[1 + 2 * i] = (struct pollfd){.fd = l->ending ? -1 : l->client, .events = POLLIN};
    fds[2 + 2 * i] = (struct pollfd){.fd = l->server, .events = POLLIN};
  }
  if (poll(fds, 1 + 2 * LINKS, POLL_MS) <= 0)
    return;
  for (int i = 0; i < LINKS; i++) {
    if (fds[1 + 2 * i].revents && p->links[i].client == fds[1 + 2 * i].fd)
      from_client(p, &p->links[i]);
    if (fds[2 + 2 * i].revents && p->links[i].server == fds[2 + 2 * i].fd)
      from_server(&p->links[i]);
  }
  if (fds[0].revents)
    welcome(p);
}

static void *run(void *user) {
  fault_proxy *p = user;
  while (!atomic_load(&p->stopping))
    serve(p);
  return NULL;
}

fault_proxy *proxy_start(const char *server) {
  struct sockaddr_un address;
  fault_proxy *p = calloc(1, sizeof *p);
  if (!p)
    return NULL;
  for (int i = 0; i < LINKS; i++)
    p->links[i].client = p->links[i].server = -1;
  pthread_mutex_init(&p->lock, NULL);
  strcpy(p->folder, "/tmp/aft-proxy-XXXXXX");
  snprintf(p->server, sizeof p->server, "%.100s" SOCKET, server);
  if (!mkdtemp(p->folder))
    return NULL;
  snprintf(p->socket, sizeof p->socket, "%s" SOCKET, p->folder);
  p->listener = unix_socket(p->socket, &address);
  if (bind(p->listener, (struct sockaddr *)&address, sizeof address) || listen(p->listener, 64) ||
      pthread_create(&p->thread, NULL, run, p))
    return NULL;
  return p;
}

void proxy_stop(fault_proxy *p) {
  atomic_store(&p->stopping, true);
  pthread_join(p->thread, NULL);
  for (int i = 0; i < LINKS; i++)
    drop(&p->links[i]);
  close(p->listener);
  unlink(p->socket);
  rmdir(p->folder);
  pthread_mutex_destroy(&p->lock);
  free(p);
}

const char *proxy_folder(const fault_proxy *p) { return p->folder; }

void proxy_arm(fault_proxy *p, proxy_fault fault, uint32_t message) {
  pthread_mutex_lock(&p->lock);
  p->fault = fault;
  p->at = message;
  p->seen = 0;
  atomic_store(&p->struck, false);
  atomic_store(&p->trips, 0);
  atomic_store(&p->commands, 0);
  pthread_mutex_unlock(&p->lock);
}

bool proxy_struck(const fault_proxy *p) { return atomic_load(&p->struck); }
void proxy_down(fault_proxy *p, bool down) { atomic_store(&p->down, down); }
uint32_t proxy_trips(const fault_proxy *p) { return atomic_load(&p->trips); }
uint32_t proxy_commands(const fault_proxy *p) { return atomic_load(&p->commands); }
