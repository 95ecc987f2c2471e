/** What Java's String does otherwise than JavaScript's. */

/** Without the control characters and spaces at both ends, as String.trim: other white space stays. */
export function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 32) start++;
  while (end > start && text.charCodeAt(end - 1) <= 32) end--;
  return text.slice(start, end);
}
