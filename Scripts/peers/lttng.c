// A begin that says which callback, and an end, as LTTng-UST's users write them.
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "lttng-provider.h"
#include "peer.h"

static void pairs(long count) {
  for (long i = 0; i < count; i++) {
    lttng_ust_tracepoint(looptop_peer, began, 7);
    lttng_ust_tracepoint(looptop_peer, ended);
  }
}
