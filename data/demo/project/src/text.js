/** Words, and text that has to fit somewhere. */

/** Splits text into its words: runs of letters, digits and apostrophes. */
export function words(text) {
  return text.match(/[\p{L}\p{N}'’]+/gu) ?? [];
}

/** Makes the first letter a capital one and leaves the rest alone. */
export function capitalize(word) {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** Shortens text to at most `max` characters; what was shortened ends with an ellipsis. */
export function truncate(text, max) {
  if (text.length <= max) return text;
  return text.slice(0, max) + '…';
}
