#include "loop.h"
#include <ev.h>

static struct ev_loop *loop;
static long left;

static void on_idle(struct ev_loop *loop, ev_idle *idle, int events) {
  (void)events;
  if (--left == 0) ev_idle_stop(loop, idle);
}

static void iterate(long count) {
  ev_idle idle;
  left = count;
  loop = ev_loop_new(EVBACKEND_EPOLL);
  ev_idle_init(&idle, on_idle);
  ev_idle_start(loop, &idle);
  ev_run(loop, 0);
  ev_loop_destroy(loop);
}

static void on_readable(struct ev_loop *loop, ev_io *watch, int events) {
  (void)events;
  if (--left == 0) ev_io_stop(loop, watch);
}

static void watch_readable(int descriptor, long count) {
  ev_io watch;
  left = count;
  loop = ev_loop_new(EVBACKEND_EPOLL);
  ev_io_init(&watch, on_readable, descriptor, EV_READ);
  ev_io_start(loop, &watch);
  ev_run(loop, 0);
  ev_loop_destroy(loop);
}

static ev_timer timers[timer_count];

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events) {
  (void)timer;
  (void)events;
  if (--left == 0) ev_break(loop, EVBREAK_ALL);
}

static void run_timers(long count) {
  left = count;
  loop = ev_loop_new(EVBACKEND_EPOLL);
  for (int i = 0; i < timer_count; i++) {
    ev_timer_init(&timers[i], on_timer, timer_period(i) * 1e-3, timer_period(i) * 1e-3);
    ev_timer_start(loop, &timers[i]);
  }
  ev_run(loop, 0);
  for (int i = 0; i < timer_count; i++) ev_timer_stop(loop, &timers[i]);
  ev_loop_destroy(loop);
}

static ev_async async;

static void on_async(struct ev_loop *loop, ev_async *handle, int events) {
  (void)events;
  run_posted();
  if (calls_left == 0) ev_async_stop(loop, handle);
}

static void prepare_calls(void) {
  loop = ev_loop_new(EVBACKEND_EPOLL);
  ev_async_init(&async, on_async);
  ev_async_start(loop, &async);
}
static void take_calls(void) { ev_run(loop, 0); }
static void end_calls(void) { ev_loop_destroy(loop); }
static void wake(void) { ev_async_send(loop, &async); }

static void on_data(struct ev_loop *loop, ev_io *connection, int events) {
  (void)events;
  if (send_back(connection->fd)) return;
  ev_io_stop(loop, connection);
  close(connection->fd);
  free(connection);
}

static void on_connection(struct ev_loop *loop, ev_io *listener, int events) {
  (void)events;
  int descriptor;
  while ((descriptor = take_connection(listener->fd)) >= 0) {
    ev_io *connection = malloc(sizeof *connection);
    ev_io_init(connection, on_data, descriptor, EV_READ);
    ev_io_start(loop, connection);
  }
}

static void serve(int descriptor) {
  ev_io listener;
  loop = ev_loop_new(EVBACKEND_EPOLL);
  ev_io_init(&listener, on_connection, descriptor, EV_READ);
  ev_io_start(loop, &listener);
  ev_run(loop, 0);
}
