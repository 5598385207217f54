// The other end of an echo server, the same for all: `load PORT CONNECTIONS` keeps one message of 64 bytes under way on each
// connection, and answers each count of messages with nanoseconds a message, by the clock on the wall.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

enum { size = 64 };
static char message[size];

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void fail(const char *what) {
  printf("failed: the load generator cannot %s\n", what);
  exit(1);
}

static int open_connection(int port) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
  int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address)) fail("connect");
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  return descriptor;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  int count = atoi(argv[2]), poller = epoll_create1(EPOLL_CLOEXEC);
  struct { int descriptor, got; } *connections = calloc((size_t)count, sizeof *connections);
  for (int i = 0; i < count; i++) {
    connections[i].descriptor = open_connection(atoi(argv[1]));
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
    epoll_ctl(poller, EPOLL_CTL_ADD, connections[i].descriptor, &event);
  }
  char line[64], buffer[size];
  while (fgets(line, sizeof line, stdin)) {
    long total = atol(line), to_send = total, left = total;
    int64_t begin = now();
    for (int i = 0; i < count && to_send > 0; i++, to_send--)
      if (send(connections[i].descriptor, message, size, MSG_NOSIGNAL) != size) fail("send");
    while (left > 0) {
      struct epoll_event events[256];
      int ready = epoll_wait(poller, events, 256, -1);
      for (int i = 0; i < ready; i++) {
        uint32_t at = events[i].data.u32;
        ssize_t got = recv(connections[at].descriptor, buffer, (size_t)(size - connections[at].got), 0);
        if (got <= 0) fail("receive");
        if ((connections[at].got += (int)got) < size) continue;
        connections[at].got = 0;
        left--;
        if (to_send > 0 && send(connections[at].descriptor, message, size, MSG_NOSIGNAL) != size) fail("send");
        if (to_send > 0) to_send--;
      }
    }
    printf("%.3f\n", (double)(now() - begin) / (double)total);
    fflush(stdout);
  }
  return 0;
}
