import { latin1FromBytes, textFromLatin1 } from '@kube-authn/internal/byte-text'
import { type CsvPosition, type CsvRecord, CsvSyntaxError, readRecords } from './read-records.ts'

/** Bytes in a batch: less than a millisecond of work, or up to ten where csv-parse reads it. */
const BATCH_SIZE = 16_384

/**
 * Reads the same records as {@link readRecords}, in batches of whole records. A batch of plain lines is split at line ends and commas:
 * `docs/decisions/reading-credential-files.md` has the reason and the figures.
 *
 * Bytes need not be UTF-8: invalid bytes stay distinguishable, by the rules of `textFromLatin1`.
 *
 * @throws {CsvSyntaxError} when it reaches invalid CSV.
 */
export function* recordBatches(csv: string | Uint8Array): Generator<readonly CsvRecord[], void, undefined> {
  const bytes = typeof csv === 'string' ? utf8.encode(csv) : csv
  let before: CsvPosition = { records: 0, lines: 0 }
  let size = BATCH_SIZE
  for (let start = 0; start < bytes.length;) {
    const batch = bytes.subarray(start, start + size)
    const end = start + size < bytes.length ? endOfRecords(batch) : batch.length
    if (end === 0) {
      // A record may be longer than a batch. Without quotes it has no syntax.
      if (batch.includes(QUOTE)) assertMayContinue(decoder.decode(batch), before)
      size *= 2
      continue
    }
    const text = decoder.decode(batch.subarray(0, end))
    const records = text.includes('\ufffd')
      ? readBytes(batch.subarray(0, end), before)
      : (plainRecords(text, before) ?? readRecords(text, before))
    yield records
    // As csv-parse counts: a lone carriage return ends a line too.
    const lineEnds = text.match(/\r\n|\r|\n/g)?.length ?? 0
    before = { records: before.records + records.length, lines: before.lines + lineEnds }
    start += end
    size = BATCH_SIZE
  }
}

/** The position after the last record that ends in these bytes; 0 if none does. Outside of fields, the number of quotes is even. */
function endOfRecords(bytes: Uint8Array): number {
  let end = 0
  let isQuoted = false
  for (let index = 0; index < bytes.length; index++) {
    if (bytes[index] === QUOTE) isQuoted = !isQuoted
    else if (bytes[index] === NEWLINE && !isQuoted) end = index + 1
  }
  return end
}

const [NEWLINE, QUOTE] = [0x0a, 0x22]

/** @throws {CsvSyntaxError} when the beginning of a record is invalid, whatever follows. */
function assertMayContinue(text: string, before: CsvPosition): void {
  try {
    readRecords(text, before)
  } catch (error) {
    if (!(error instanceof CsvSyntaxError) || !error.isUnclosed) throw error
  }
}

/** Reads bytes that may not be UTF-8, as one character per byte. */
function readBytes(bytes: Uint8Array, before: CsvPosition): readonly CsvRecord[] {
  const text = latin1FromBytes(bytes)
  const records = plainRecords(text, before) ?? readRecords(text, before)
  return records.map((record) => ({ ...record, fields: record.fields.map(textFromLatin1) }))
}

const utf8 = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** `undefined` unless each line is a whole record with quotes around whole fields only. */
function plainRecords(text: string, before: CsvPosition): readonly CsvRecord[] | undefined {
  const withoutReturns = text.replaceAll('\r\n', '\n')
  if (withoutReturns.includes('\r')) return undefined
  const records: CsvRecord[] = []
  for (const [index, line] of withoutReturns.split('\n').entries()) {
    if (line === '') continue
    const fields = plainFields(line)
    if (fields === undefined) return undefined
    records.push({ fields, number: before.records + records.length + 1, line: before.lines + index + 1 })
  }
  return records
}

function plainFields(line: string): readonly string[] | undefined {
  if (!line.includes('"')) return line.split(',')
  const fields = line.match(FIELD) ?? []
  if (fields.join(',') !== line) return undefined
  return fields.map((field) => (field.startsWith('"') ? field.slice(1, -1) : field))
}

const FIELD = /(?<=^|,)(?:"[^"]*"|[^",]*)/g
