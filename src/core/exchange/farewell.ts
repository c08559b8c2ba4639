/** How long things take that end an exchange, the same in both modes. */

/**
 * How long the other end is given to close its side too, in milliseconds, once everything has left and no reply is awaited: a
 * connection that is closed with bytes unread is reset, and a reset may overtake the last bytes.
 */
export const FAREWELL_MS = 100;

/** The same after `finish()`, which nobody waits for in asynchronous mode. */
export const LONGEST_FAREWELL_MS = 2000;

/** A line that does not fall silent is used all the same after so many times `resyncQuietMs`. */
export const MOST_QUIET_TIMES = 10;
