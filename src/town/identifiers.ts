/** Ids of beads, agents and rigs: parts of branch names and paths, so git and file systems must take them. */

/** No dot at the end or beside another, and no `.lock` at the end: git refuses such names. */
export const idPattern = /^(?!.*\.lock$)[a-z0-9](?:[a-z0-9_-]|\.(?=[a-z0-9_-])){0,63}$/;

export const idRule =
  'use 1 to 64 small letters, digits, "_", "-" and single dots inside, ' +
  'beginning with a letter or digit, not ending in ".lock"';
