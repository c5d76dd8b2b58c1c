/**
 * The elements of a list with commas between: a record of CSV, as pflag reads it. An empty string has none.
 *
 * Source: pflag `string_slice.go`, Go `encoding/csv`.
 *
 * @returns `undefined` where quotes are wrong.
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
