#include "loop.h"
#include <uv.h>

static uv_loop_t loop;
static long left;

static void on_idle(uv_idle_t *idle) {
  if (--left == 0) uv_close((uv_handle_t *)idle, NULL);
}

static void iterate(long count) {
  uv_idle_t idle;
  left = count;
  uv_loop_init(&loop);
  uv_idle_init(&loop, &idle);
  uv_idle_start(&idle, on_idle);
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
}

static void on_readable(uv_poll_t *watch, int failed, int events) {
  (void)failed; (void)events;
  if (--left == 0) uv_close((uv_handle_t *)watch, NULL);
}

static void watch_readable(int descriptor, long count) {
  uv_poll_t watch;
  left = count;
  uv_loop_init(&loop);
  uv_poll_init(&loop, &watch, descriptor);
  uv_poll_start(&watch, UV_READABLE, on_readable);
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
}

static uv_timer_t timers[timer_count];

static void on_timer(uv_timer_t *timer) {
  (void)timer;
  if (--left == 0) uv_stop(&loop);
}

static void run_timers(long count) {
  left = count;
  uv_loop_init(&loop);
  for (int i = 0; i < timer_count; i++) {
    uv_timer_init(&loop, &timers[i]);
    uv_timer_start(&timers[i], on_timer, timer_period(i), timer_period(i));
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  for (int i = 0; i < timer_count; i++) uv_close((uv_handle_t *)&timers[i], NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
}

static uv_async_t async;

static void on_async(uv_async_t *handle) {
  run_posted();
  if (calls_left == 0) uv_stop(handle->loop);
}

static void take_calls(void) { uv_run(&loop, UV_RUN_DEFAULT); }
static void end_calls(void) {
  uv_close((uv_handle_t *)&async, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
}
static void prepare_calls(void) { uv_loop_init(&loop); uv_async_init(&loop, &async, on_async); }
static void wake(void) { uv_async_send(&async); }

static void on_closed(uv_handle_t *connection) { free(connection); }

static void give_buffer(uv_handle_t *connection, size_t wanted, uv_buf_t *buffer) {
  (void)connection; (void)wanted;
  *buffer = uv_buf_init(received, sizeof received);
}

static void on_data(uv_stream_t *connection, ssize_t count, const uv_buf_t *buffer) {
  if (count < 0) return uv_close((uv_handle_t *)connection, on_closed);
  uv_buf_t data = uv_buf_init(buffer->base, (unsigned)count);
  if (uv_try_write(connection, &data, 1) != count) abort();
}

static void on_connection(uv_stream_t *listener, int failed) {
  uv_tcp_t *connection = malloc(sizeof *connection);
  uv_tcp_init(&loop, connection);
  if (failed || uv_accept(listener, (uv_stream_t *)connection)) abort();
  uv_tcp_nodelay(connection, 1);
  uv_read_start((uv_stream_t *)connection, give_buffer, on_data);
}

static void serve(int descriptor) {
  uv_tcp_t listener;
  uv_loop_init(&loop);
  uv_tcp_init(&loop, &listener);
  uv_tcp_open(&listener, descriptor);
  uv_listen((uv_stream_t *)&listener, 1024, on_connection);
  uv_run(&loop, UV_RUN_DEFAULT);
}
