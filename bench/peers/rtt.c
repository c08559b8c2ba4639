/* A blocking client: reads "<times> <message>" lines and answers "<us> <us of processor time>" for one exchange. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static double processor(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

int main(int argc, char **argv) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[argc - 1]))};
  char line[65536], message[65536], reply[65536];
  int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) return 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  while (fgets(line, sizeof line, stdin)) {
    int times = atoi(line);
    char *text = strchr(line, ' ') + 1;
    text[strcspn(text, "\n")] = 0;
    size_t size = (size_t)snprintf(message, sizeof message, "%s\r\n", text);
    double start = now(), used = processor();
    for (int i = 0; i < times; i++) {
      if (write(fd, message, size) != (ssize_t)size) return 1;
      for (size_t got = 0; got < size;) {
        ssize_t n = read(fd, reply, sizeof reply);
        if (n <= 0) return 1;
        got += (size_t)n;
      }
    }
    printf("%f %f\n", (now() - start) / times, (processor() - used) / times);
    fflush(stdout);
  }
  return 0;
}
