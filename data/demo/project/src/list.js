/** Lists. */

/** Splits a list into pieces of `size`; the last one may be shorter. */
export function chunk(list, size) {
  const pieces = [];
  for (let from = 0; from < list.length; from += Math.max(size, 1)) pieces.push(list.slice(from, from + size));
  return pieces;
}

/** The members of a list without repetition, in the order in which they first appear. */
export function unique(list) {
  return [...new Set(list)];
}
