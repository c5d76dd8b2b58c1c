import type * as CsvParse from 'csv-parse/sync'
import { onDemand } from '../../on-demand.ts'

export type { CsvError } from 'csv-parse/sync'

const parser = onDemand('csv-parse/sync', () => import.meta.url)

/** `parse` of csv-parse, which is loaded on the first call. */
export function parse(text: string, options: CsvParse.Options): unknown {
  return (parser() as typeof CsvParse).parse(text, options)
}
