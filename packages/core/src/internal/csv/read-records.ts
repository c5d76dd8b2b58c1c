import { type CsvError, parse } from '#csv-parse'

/** One record of a CSV file, and its position. */
export interface CsvRecord {
  readonly fields: readonly string[]
  /** Starting at 1; blank lines are not counted. */
  readonly number: number
  /** The line that the record ends on, starting at 1. */
  readonly line: number
}

/** How much of a file precedes a text, for numbering. */
export interface CsvPosition {
  readonly records: number
  readonly lines: number
}

/** The file is not valid CSV. The message names the line and never quotes the content. */
export class CsvSyntaxError extends Error {
  override readonly name = 'CsvSyntaxError'
  /** `true` if the text ends inside quotes. */
  readonly isUnclosed: boolean

  constructor(message: string, isUnclosed = false) {
    super(message)
    this.isUnclosed = isUnclosed
  }
}

/**
 * Reads CSV as Go's `encoding/csv` does: commas, any number of fields, strict double quotes, no comments, no trimming; blank lines are
 * skipped, and a byte order mark is data.
 *
 * Source: RFC 4180; Go `encoding/csv` with `FieldsPerRecord = -1`.
 *
 * @throws {CsvSyntaxError} when the text is not valid CSV.
 */
export function readRecords(
  text: string,
  before: CsvPosition = { records: 0, lines: 0 },
): readonly CsvRecord[] {
  const records: CsvRecord[] = []
  try {
    parse(text.replaceAll('\r\n', '\n').replace(/\r$/, ''), {
      relax_column_count: true,
      skip_empty_lines: true,
      record_delimiter: ['\n'],
      on_record: (fields: string[], { lines }) => {
        records.push({ fields, number: before.records + records.length + 1, line: before.lines + lines })
        return null
      },
    })
  } catch (error) {
    throw syntaxError(error, before.lines)
  }
  return records
}

/** Uses Go's messages. The message of csv-parse quotes the record, which contains secrets, so neither it nor a cause is kept. */
function syntaxError(error: unknown, linesBefore: number): CsvSyntaxError {
  const { code, lines } = error as Partial<CsvError> & { readonly lines?: unknown }
  const where = typeof lines === 'number' ? `parse error on line ${linesBefore + lines}` : 'parse error'
  if (code === 'INVALID_OPENING_QUOTE') return new CsvSyntaxError(`${where}: bare " in non-quoted-field`)
  if (code === 'CSV_INVALID_CLOSING_QUOTE' || code === 'CSV_QUOTE_NOT_CLOSED') {
    return new CsvSyntaxError(
      `${where}: extraneous or missing " in quoted-field`,
      code === 'CSV_QUOTE_NOT_CLOSED',
    )
  }
  return new CsvSyntaxError(`${where}: not a CSV file`)
}
