/**
 * The elements of a comma-separated list: a CSV record, as pflag reads it. An empty string has no elements.
 *
 * Source: pflag `string_slice.go`, Go `encoding/csv`.
 *
 * @returns `undefined` if quotes are invalid.
 */
export function readSlice(text: string): readonly string[] | undefined {
  if (text === '') return []
  if (!text.includes('"')) return text.split(',')
  const elements: string[] = []
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y
  for (;;) {
    const [all, quoted, plain = '', end = ''] = field.exec(text) ?? []
    if (all === undefined) return undefined
    elements.push(quoted?.replaceAll('""', '"') ?? plain)
    if (end === '') return elements
  }
}
