import { type CsvError, parse } from '#csv-parse'

/** One record of a CSV file, and where it stands. */
export interface CsvRecord {
  readonly fields: readonly string[]
  /** Counted from 1; blank lines do not count. */
  readonly number: number
  /** The line the record ends on, counted from 1. */
  readonly line: number
}

/** The text is no CSV. The message names the line and never the content. */
export class CsvSyntaxError extends Error {
  override readonly name = 'CsvSyntaxError'
  /** The text ends within quotes. */
  readonly isUnclosed: boolean

  constructor(message: string, isUnclosed = false) {
    super(message)
    this.isUnclosed = isUnclosed
  }
}

/**
 * Reads CSV as Go's `encoding/csv` does with any number of fields: commas, strict double quotes, no comments, nothing
 * trimmed, a byte order mark is data, blank lines do not count.
 *
 * Source: RFC 4180; Go `encoding/csv` with `FieldsPerRecord = -1`.
 *
 * @param before how many records and lines come before this text, for its numbers.
 * @throws {CsvSyntaxError}
 */
export function readRecords(text: string, before = { records: 0, lines: 0 }): readonly CsvRecord[] {
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

/** In Go's words. The message of csv-parse quotes the record, which holds secrets, so neither it nor a cause is kept. */
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
