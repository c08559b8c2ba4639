/** Whether a path has characters that could break out of a comment in which it stands. */
export function hasOddCharacters(path: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what it matches
  return /[\u0000-\u001F\u007F\u0085\u2028\u2029]/.test(path);
}
