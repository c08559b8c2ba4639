/* The other end of a serial line: a pseudo-terminal that sends back what it is sent. Prints its path. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

int main(void) {
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) return 1;
  const char *path = ptsname(master);
  /* Stays open, so that the line does when a client closes it. */
  int line = open(path, O_RDWR | O_NOCTTY);
  struct termios settings;
  if (line < 0 || tcgetattr(line, &settings) != 0) return 1;
  cfmakeraw(&settings);
  if (tcsetattr(line, TCSANOW, &settings) != 0) return 1;
  puts(path);
  fflush(stdout);
  char bytes[4096];
  for (ssize_t length; (length = read(master, bytes, sizeof bytes)) > 0;)
    if (write(master, bytes, (size_t)length) != length) return 1;
  return 0;
}
