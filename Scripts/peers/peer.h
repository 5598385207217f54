// A program to be traced: for each count that it reads it runs that many pairs and answers with nanoseconds a pair.
// A count of 0, or the input's end, ends it.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void pairs(long count);

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int main(void) {
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    long count = atol(line);
    if (count <= 0) break;
    int64_t begin = now();
    pairs(count);
    printf("%.3f\n", (double)(now() - begin) / (double)count);
    fflush(stdout);
  }
  return 0;
}
