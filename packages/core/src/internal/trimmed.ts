/** Trims these characters from both ends of a string. A regular expression would take quadratic time: a sixth of a second for a header of 16 KiB of blanks. */
export function trimmed(text: string, characters: string): string {
  let start = 0
  let end = text.length
  while (start < end && characters.includes(text.charAt(start))) start++
  while (end > start && characters.includes(text.charAt(end - 1))) end--
  return start === 0 && end === text.length ? text : text.slice(start, end)
}
