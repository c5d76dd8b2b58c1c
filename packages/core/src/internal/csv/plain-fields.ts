const [QUOTE, COMMA] = [0x22, 0x2c]

/**
 * The fields of a line that is a whole record and has quotes only around whole fields. `undefined` for any other line, which may still be a
 * record, part of one, or invalid.
 */
export function plainFields(line: string): string[] | undefined {
  if (!line.includes('"')) return line.split(',')
  const fields: string[] = []
  for (let start = 0; ;) {
    const isQuoted = line.charCodeAt(start) === QUOTE
    const end = isQuoted ? line.indexOf('"', start + 1) : indexOrEnd(line, ',', start)
    if (end === -1) return undefined
    const field = line.slice(isQuoted ? start + 1 : start, end)
    if (!isQuoted && field.includes('"')) return undefined
    fields.push(field)
    const next = isQuoted ? end + 1 : end
    if (next === line.length) return fields
    if (line.charCodeAt(next) !== COMMA) return undefined
    start = next + 1
  }
}

function indexOrEnd(line: string, character: string, start: number): number {
  const index = line.indexOf(character, start)
  return index === -1 ? line.length : index
}
