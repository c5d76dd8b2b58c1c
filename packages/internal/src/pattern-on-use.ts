/**
 * A regular expression that is made when it is first used. V8 reads a literal when its file is loaded, and again when it is evaluated, which takes up
 * to half a millisecond with classes such as `\p{L}`.
 *
 * @param source must not come from outside.
 */
export function patternOnUse(source: string, flags: string): () => RegExp {
  let pattern: RegExp | undefined
  return () => (pattern ??= new RegExp(source, flags))
}
